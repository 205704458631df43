/** Everything that a run has found out; `bench/results` keeps it as JSON. */
import type { MachineFacts } from '../../src/cli/machine.ts'
import type { FfiReport } from '../ffi/rounds.ts'
import type { IsolationReport } from '../isolation/index.ts'
import type { FlagsReport } from '../workloads/flags/index.ts'
import type { GrowthReport } from '../workloads/growth/index.ts'
import type { StartReport } from '../workloads/start/index.ts'
import type { StatsigReport } from '../workloads/statsig/index.ts'
import type { ThreadsReport } from '../workloads/threads/index.ts'

export interface BenchReport {
  readonly machine: MachineFacts
  readonly isQuick: boolean
  /** Of each measurement in each round. */
  readonly seconds: number
  readonly rounds: number
  readonly statsig?: StatsigReport
  readonly flags?: FlagsReport
  readonly start?: StartReport
  readonly threads?: ThreadsReport
  readonly growth?: GrowthReport
  readonly ffi?: FfiReport
  readonly isolation?: IsolationReport
}
