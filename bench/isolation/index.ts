/**
 * What isolation promises, measured: starting from snapshots, healing after abrupt ends, updates under load, many tenants
 * in one process, bad neighbours, what metering costs, and a pool. Each case has a process of its own, one after another. A figure
 * that misses its aim is shown as missed and ends nothing; a wrong answer ends the run.
 */
import { fork } from 'node:child_process'
import type { CaseReply } from './case-process.ts'
import { type CaseName, caseNames, isCaseName, partsOf } from './cases/index.ts'
import { compile, compiled } from './compile.ts'
import { type CaseReport, printCase } from './report.ts'

export interface IsolationOptions {
  /** Names of cases; all of them when there are none. */
  readonly cases: readonly string[] | undefined
  readonly isQuick: boolean
  /** Prints each case as soon as it is there. */
  readonly prints: boolean
}

export interface IsolationReport {
  readonly isQuick: boolean
  readonly cases: Readonly<Partial<Record<CaseName, readonly CaseReport[]>>>
}

export async function benchIsolation({ cases, isQuick, prints }: IsolationOptions): Promise<IsolationReport> {
  const reports: Partial<Record<CaseName, CaseReport[]>> = {}
  const chosen = (cases ?? caseNames).map(known)
  compile()
  for (const name of chosen) {
    const own: CaseReport[] = []
    reports[name] = own
    for (const part of partsOf(name)) {
      const report = await measured(name, part, isQuick)
      own.push(report)
      if (prints) printCase(report)
    }
  }
  return { isQuick, cases: reports }
}

export function printIsolationHead(machine: string, isQuick: boolean): void {
  console.log(`What isolation promises. ${machine}.`)
  console.log('Medians with the lowest and the highest; a figure to its aim; answers are checked all along.')
  if (isQuick) console.log('Quick: sizes so small that the figures say little.')
}

function known(name: string): CaseName {
  if (isCaseName(name)) return name
  throw new Error(`there is no case "${name}"; --case takes ${caseNames.join(', ')}`)
}

function measured(name: CaseName, part: string, isQuick: boolean): Promise<CaseReport> {
  const size = isQuick ? 'quick' : 'whole'
  const child = fork(compiled('case-process'), [name, part, size], { execArgv: ['--expose-gc'] })
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) =>
      reject(new Error(`the case ${name} ended early (${signal ?? `exit code ${code}`})`)),
    )
    child.once('message', (reply: CaseReply) => {
      if (reply.tell === 'report') resolve(reply.report)
      else reject(new Error(`the case ${name} (${part}) failed: ${reply.message}`))
    })
  })
}
