/** The process of one engine that answers about the flags. */
import { type Answers, serve, type Turn } from '../../../src/cli/bench/contestant.ts'
import type { FlagEngine } from '../../engines/flag-engine.ts'
import { type FlagEngineName, startFlagEngine } from '../../engines/index.ts'
import { flagNames, people } from './definition.ts'

const callsPerTurn = 4096

const engine = startFlagEngine(process.argv[2] as FlagEngineName)
await serve(async () => {
  const started = await engine
  return {
    version: started.version,
    turns: { fresh: freshTurn(started), request: requestTurn(started) },
    answers: () => allAnswers(started),
  }
})

async function allAnswers(engine: FlagEngine): Promise<Answers> {
  const answers: Record<string, string[]> = {}
  for (const flag of flagNames) {
    const given: string[] = []
    for (const person of people) given.push(String(await engine.isOn(person, flag)))
    answers[`flag ${flag}`] = given
  }
  return answers
}

function freshTurn(engine: FlagEngine): Turn {
  let number = 0
  return () => {
    for (let call = 0; call < callsPerTurn; call++) {
      // Each person gets another flag in each pass over all people.
      const flag = flagNames[(number + Math.trunc(number / people.length)) % flagNames.length]!
      const on = engine.isOn(people[number++ % people.length]!, flag)
      if (typeof on !== 'boolean') return awaitedTurn(engine, on)
    }
    return callsPerTurn
  }
}

/** The rest of a turn of an engine that answers by promises. */
async function awaitedTurn(engine: FlagEngine, first: Promise<boolean>): Promise<number> {
  await first
  for (let call = 1; call < callsPerTurn; call++)
    await engine.isOn(people[call % people.length]!, flagNames[call % flagNames.length]!)
  return callsPerTurn
}

function requestTurn(engine: FlagEngine): Turn {
  const requests = Math.ceil(callsPerTurn / flagNames.length)
  let number = 0
  const person = () => people[number++ % people.length]!
  return () => {
    for (let request = 0; request < requests; request++) {
      const on = engine.countOn(person(), flagNames)
      if (typeof on !== 'number') return awaitedRequests(engine, on, requests)
    }
    return requests * flagNames.length
  }
}

async function awaitedRequests(engine: FlagEngine, first: Promise<number>, requests: number): Promise<number> {
  await first
  for (let request = 1; request < requests; request++) await engine.countOn(people[request % people.length]!, flagNames)
  return requests * flagNames.length
}
