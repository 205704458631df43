/** The 3-rule flag on every engine: evaluations per second with a fresh user per call, and with one user for all flags. */
import { differences, onlyKnown } from '../../../src/cli/bench/comparison.ts'
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { type Measured, measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { compiled } from '../../compile.ts'
import { flagEngineNames, isStatsig } from '../../engines/index.ts'
import { checkedShares, type Shares } from './comparison.ts'
import { flagNames, people } from './definition.ts'

export interface FlagsReport {
  readonly flags: number
  readonly people: number
  readonly measured: readonly Measured[]
  /** By engine, the share of flags that are on in each group of people. */
  readonly shares: Readonly<Record<string, Shares>>
}

const titles = {
  fresh: '3-rule flag, a fresh user for every flag',
  request: `3-rule flag, one user x ${flagNames.length}`,
}
const reference = 'statsig-node-core'

export async function benchFlags(timing: Timing, watch: Watch): Promise<FlagsReport> {
  const engines = flagEngineNames.map(
    (name) => new ContestantProcess(name, compiled('workloads/flags/flag-process'), [name]),
  )
  try {
    const shares = await compare(engines)
    const measured = await measureInRounds(engines, titles, timing, watch)
    return { flags: flagNames.length, people: people.length, measured, shares }
  } finally {
    for (const engine of engines) engine.stop()
  }
}

async function compare(engines: readonly ContestantProcess[]): Promise<Record<string, Shares>> {
  const right = await engines.find(({ name }) => name === reference)!.answers()
  const shares: Record<string, Shares> = {}
  for (const engine of engines) {
    const answers = await engine.answers()
    shares[engine.name] = checkedShares(engine.name, answers)
    if (isStatsig(engine.name)) onlyKnown(differences(engine.name, answers, right), () => false, reference)
  }
  return shares
}
