/** `node node-native.mjs SETS.json`: the native backend, on whatever architecture this Node is for. */
import { readFileSync } from 'node:fs'
import { createEvaluator } from '../../dist/node.js'
import { evaluateSets } from './evaluate-sets.mjs'

const sets = JSON.parse(readFileSync(process.argv[2], 'utf8'))
process.stdout.write(evaluateSets(sets, (options) => createEvaluator({ ...options, backend: 'native' })))
