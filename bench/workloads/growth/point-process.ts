/** The process of one engine at one point. */
import { serve, type Turn } from '../../../src/cli/bench/contestant.ts'
import type { EngineName, StatsigEngine } from '../../../src/cli/bench/engine.ts'
import { benchFolder, built } from '../../project.ts'
import { type Axis, type Point, pointOf } from './points.ts'

const callsPerTurn = 256
const comparedUsers = 200

const [name, axis, size] = process.argv.slice(2) as [EngineName, Axis, string]
await serve(async () => {
  const { startEngine } = await built<typeof import('../../../src/cli/bench/engines.ts')>('cli/bench/engines.js')
  const point = pointOf(axis, Number(size))
  const engine = await startEngine(name, { specs: point.specs, idLists: {}, packagesFrom: benchFolder })
  return {
    version: engine.version,
    turns: { fresh: freshTurn(engine, point) },
    answers: () => answersOf(engine, point),
  }
})

function freshTurn(engine: StatsigEngine, { gates, makeUser }: Point): Turn {
  let number = 0
  return () => {
    for (let call = 0; call < callsPerTurn; call++, number++)
      engine.checkGate(makeUser(number), gates[number % gates.length]!)
    return callsPerTurn
  }
}

function answersOf(engine: StatsigEngine, { gates, makeUser }: Point): Record<string, string[]> {
  const users = Array.from({ length: comparedUsers }, (_, number) => makeUser(number))
  return Object.fromEntries(gates.map((gate) => [gate, users.map((user) => String(engine.checkGate(user, gate)))]))
}
