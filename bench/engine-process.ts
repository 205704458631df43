/** One engine in a process of its own, so that none is measured with another's heap, compiled code or threads beside it. */
import { setImmediate } from 'node:timers/promises'
import { type Engine, type EngineName, startEngine } from './engines.ts'
import type { Measurement, Reply, Request } from './messages.ts'
import { gatesPerRequest, loadWorkload, makeUser, userCount } from './workload.ts'

// The native engine's users are freed by finalizers, which run only when the event loop gets a turn: without one, memory grows without
// end. All engines give it that turn, inside the measured time.
const callsPerTurn = 4096

const workload = loadWorkload()
const { gates } = workload

try {
  const engine = await startEngine(process.argv[2] as EngineName, workload)
  process.on('message', async (request: Request) => {
    try {
      reply(
        request.ask === 'answers'
          ? { tell: 'answers', answers: allAnswers(engine) }
          : { tell: 'rate', evaluationsPerSecond: await measure(engine, request.what, request.seconds) },
      )
    } catch (error) {
      reply({ tell: 'failed', message: String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  reply({ tell: 'ready', version: engine.version })
} catch (error) {
  reply({ tell: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}

function allAnswers(engine: Engine): string[] {
  return Array.from({ length: userCount }, (_, user) =>
    gates.map((gate) => (engine.checkGate(makeUser(user), gate) ? '1' : '0')).join(''),
  )
}

async function measure(engine: Engine, what: Measurement, seconds: number): Promise<number> {
  const turn = what === 'fresh' ? freshTurn(engine) : requestTurn(engine)
  const began = performance.now()
  let evaluations = 0
  let elapsed = 0
  while (elapsed < seconds * 1000) {
    evaluations += turn()
    await setImmediate()
    elapsed = performance.now() - began
  }
  return (evaluations / elapsed) * 1000
}

function freshTurn(engine: Engine): () => number {
  let user = 0
  let gate = 0
  return () => {
    for (let call = 0; call < callsPerTurn; call++) {
      engine.checkGate(makeUser(user), gates[gate]!)
      if (++gate === gates.length) {
        gate = 0
        user = (user + 1) % userCount
      }
    }
    return callsPerTurn
  }
}

function requestTurn(engine: Engine): () => number {
  const asked = gates.slice(0, gatesPerRequest)
  const requests = Math.ceil(callsPerTurn / asked.length)
  let user = 0
  return () => {
    for (let request = 0; request < requests; request++) {
      engine.countPassed(makeUser(user), asked)
      user = (user + 1) % userCount
    }
    return requests * asked.length
  }
}

function reply(message: Reply): void {
  process.send!(message)
}
