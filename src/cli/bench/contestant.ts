/**
 * One engine in a process of its own, so that none is measured with another's heap, compiled code or threads beside it: what it
 * can be asked by the process that compares, and the loop that measures.
 */
import { setImmediate } from 'node:timers/promises'

/** Asks a number of questions and says how many. A turn without promises is called without awaiting anything. */
export type Turn = () => number | Promise<number>

/** The answers to every question as texts, one for each user. */
export type Answers = Readonly<Record<string, readonly string[]>>

export interface Contestant {
  readonly version: string
  readonly turns: Readonly<Partial<Record<string, Turn>>>
  answers(): Answers | Promise<Answers>
}

export type Request =
  | { readonly ask: 'answers' }
  | { readonly ask: 'measure'; readonly what: string; readonly seconds: number }

export type Reply =
  | { readonly tell: 'ready'; readonly version: string; readonly measurements: readonly string[] }
  | { readonly tell: 'answers'; readonly answers: Answers }
  | { readonly tell: 'rate'; readonly perSecond: number }
  | { readonly tell: 'failed'; readonly message: string }

/** Answers the process that forked this one, until that one goes. */
export async function serve(start: () => Promise<Contestant>): Promise<void> {
  const reply = (said: Reply) => process.send!(said)
  process.on('disconnect', () => process.exit())
  try {
    const contestant = await start()
    process.on('message', async (request: Request) => {
      try {
        if (request.ask === 'answers') reply({ tell: 'answers', answers: await contestant.answers() })
        else reply({ tell: 'rate', perSecond: await rate(contestant.turns[request.what]!, request.seconds) })
      } catch (error) {
        reply(failed(error))
      }
    })
    reply({ tell: 'ready', version: contestant.version, measurements: Object.keys(contestant.turns) })
  } catch (error) {
    reply(failed(error))
  }
}

/** Evaluations a second. */
async function rate(turn: Turn, seconds: number): Promise<number> {
  const began = performance.now()
  const evaluations = await evaluate(turn, seconds)
  return (evaluations / (performance.now() - began)) * 1000
}

/**
 * Takes turns for so long, and says how many evaluations these were. The native engine's users are freed by finalizers, which run
 * only when the event loop gets a turn: without one, memory grows without end. All engines give it that turn, inside the measured time.
 */
export async function evaluate(turn: Turn, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000
  let evaluations = 0
  while (performance.now() < end) {
    const done = turn()
    evaluations += typeof done === 'number' ? done : await done
    await setImmediate()
  }
  return evaluations
}

function failed(error: unknown): Reply {
  return { tell: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
