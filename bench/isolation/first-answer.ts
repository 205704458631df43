/** A process that compiles the engine, reads its specs, and prints the milliseconds from these to the first answer. */
import { readFileSync } from 'node:fs'
import { engineModule, Snapshot } from './built.ts'
import { firstAnswer, type Origin } from './cases/snapshot.ts'

const [origin, path, gate] = process.argv.slice(2) as [Origin, string, string]
engineModule()
const bytes = readFileSync(path)
const snapshot = origin === 'snapshot' ? Snapshot.from(bytes) : undefined
process.stdout.write(String(firstAnswer(origin, bytes, snapshot, gate)))
