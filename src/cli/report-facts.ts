/** The table that ends a report: on what it was measured, and what the report's own command adds. */
import { safe } from './html.ts'
import type { MachineFacts } from './machine.ts'
import { counted } from './printable.ts'

/** @param more - names with values as HTML */
export function factsTable(machine: MachineFacts, more: readonly (readonly [name: string, value: string])[]): string {
  const rows = [
    ['Processor', `${safe(machine.processor)}, ${counted(machine.cores, 'core')}`],
    ['Memory', `${(machine.memory / 2 ** 30).toFixed(1)} GiB`],
    ['System', safe(machine.system)],
    ['Node', safe(machine.node)],
    ['framegate', safe(machine.framegate)],
    ...more,
  ]
  return `<table class="facts">${rows.map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`).join('\n')}</table>`
}
