/**
 * A process that asks one engine about users that nobody has seen, one after another, and never gives its event loop a turn: memory that
 * only finalizers return would grow without end. It stops where it has taken too much.
 */
import { readFileSync } from 'node:fs'
import type { EngineName } from '../../../src/cli/bench/engine.ts'
import { makeNewUser } from '../../../src/cli/bench/users.ts'
import { benchFolder, built } from '../../project.ts'

export interface BusyLoop {
  readonly users: number
  /** Resident bytes at the first look. */
  readonly early: number
  /** Resident bytes when half of the users were done: what caches and heaps take to run well, they have; 0 if it never came so far. */
  readonly half: number
  readonly highest: number
  readonly end: number
  /** Whether it was stopped for the memory that it took. */
  readonly isStopped: boolean
}

const usersPerLook = 10_000

const [name, file, gateList, users, mostBytes] = process.argv.slice(2) as [EngineName, string, string, string, string]
const { startEngine } = await built<typeof import('../../../src/cli/bench/engines.ts')>('cli/bench/engines.js')
const source = { specs: readFileSync(file, 'utf8'), idLists: {}, packagesFrom: benchFolder }
const engine = await startEngine(name, source)
const told = ask(gateList.split(','), Number(users), Number(mostBytes))
process.send!(told, () => process.exit())

function ask(gates: readonly string[], users: number, mostBytes: number): BusyLoop {
  let early = 0
  let half = 0
  let highest = 0
  let done = 0
  let rss = 0
  while (done < users) {
    for (let look = 0; look < usersPerLook; look++, done++)
      engine.checkGate(makeNewUser(done), gates[done % gates.length]!)
    rss = process.memoryUsage.rss()
    highest = Math.max(highest, rss)
    if (done === usersPerLook) early = rss
    if (done * 2 <= users) half = rss
    if (rss > mostBytes) break
  }
  const isStopped = rss > mostBytes
  return { users: done, early, half: isStopped ? 0 : half, highest, end: rss, isStopped }
}
