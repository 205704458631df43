/** One part of a case in a process of its own, so that its memory is its own. */
import { type CaseName, caseModule } from './cases/index.ts'
import type { CaseReport } from './report.ts'

export type CaseReply =
  | { readonly tell: 'report'; readonly report: CaseReport }
  | { readonly tell: 'failed'; readonly message: string }

const [name, part, size] = process.argv.slice(2) as [CaseName, string, 'quick' | 'whole']
const reply = (said: CaseReply) => process.send!(said, () => process.exit())

process.on('disconnect', () => process.exit())
try {
  const { measure } = await caseModule(name)
  reply({ tell: 'report', report: await measure({ isQuick: size === 'quick' }, part) })
} catch (error) {
  reply({ tell: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
