// The measurement of calls; README.md says how it is done and how single cells are run.

export { printCells, printFfi } from './report.ts'
export { benchFfi } from './rounds.ts'
