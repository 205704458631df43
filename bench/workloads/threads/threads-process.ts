/** The process of one engine whose evaluations run on one thread, or on two at a time, each with an engine of its own. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { type Contestant, serve, type Turn } from '../../../src/cli/bench/contestant.ts'
import type { EngineName } from '../../../src/cli/bench/engine.ts'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { makeUser, userCount } from '../../../src/cli/bench/users.ts'
import { gatesPerRequest } from '../../../src/cli/bench/workload.ts'
import { built } from '../../project.ts'
import type { ThreadData } from './evaluating-thread.ts'

/** Long beside the message that starts it and the one that ends it, and beside the last calls, in which one thread may be alone. */
const turnSeconds = 0.4

const usersPerBatch = 5000

const [name, file] = process.argv.slice(2) as [EngineName | 'EvaluatorPool', string]
await serve(() => (name === 'EvaluatorPool' ? poolContestant() : threadContestant(name)))

async function threadContestant(name: EngineName): Promise<Contestant> {
  const workerData: ThreadData = { name, file }
  const threads = [0, 1].map(() => new Worker(new URL('./evaluating-thread.js', import.meta.url), { workerData }))
  const [version] = await Promise.all(threads.map(nextMessage<string>))
  return contestantOf(version!, async (count) => {
    const evaluations = threads.slice(0, count).map((thread) => {
      const answer = nextMessage<number>(thread)
      thread.postMessage(turnSeconds)
      return answer
    })
    return (await Promise.all(evaluations)).reduce((sum, own) => sum + own, 0)
  })
}

/** framegate's own pool: a batch of users goes in, the answers come out. */
async function poolContestant(): Promise<Contestant> {
  const { EvaluatorPool } = await built<typeof import('../../../src/pool/index.ts')>('pool/index.js')
  const { specs, idLists, names } = JSON.parse(readFileSync(file, 'utf8')) as EngineTask
  const pools = await Promise.all([1, 2].map((threads) => EvaluatorPool.create({ specs, idLists, threads })))
  const gates = names.gates.slice(0, gatesPerRequest)
  const users = Array.from({ length: usersPerBatch }, (_, number) => makeUser(number % userCount))
  return contestantOf('', async (count) => {
    await pools[count - 1]!.evaluateMany(users, gates)
    return users.length * gates.length
  })
}

function contestantOf(version: string, on: (threads: number) => Promise<number>): Contestant {
  const turns: Record<string, Turn> = { one: () => on(1), two: () => on(2) }
  return { version, turns, answers: () => ({}) }
}

async function nextMessage<Message>(thread: Worker): Promise<Message> {
  const [message] = (await once(thread, 'message')) as [Message]
  return message
}
