/** `framegate inspect`: what is in a payload, as the engine sees it after loading. */
import { defineCommand } from 'citty'
import type { Evaluator, LoadReport } from '../node.ts'
import { Output } from './output.ts'
import { alignedTable, counted, grouped, printable } from './printable.ts'
import { openEvaluator, readInput } from './specs-file.ts'

export const inspectCommand = defineCommand({
  meta: { name: 'inspect', description: 'Show what is in a file of config specs' },
  args: {
    specs: {
      type: 'string',
      required: true,
      valueHint: 'FILE',
      description: 'Config specs (a download_config_specs payload, v1 or v2)',
    },
    json: { type: 'boolean', description: 'Print everything, with all names, as one JSON object' },
  },
  async run({ args }) {
    const specs = await readInput('--specs', args.specs)
    const evaluator = openEvaluator(args.specs, { specs }, { now: Date.now, seed: () => 0 })
    const text = args.json ? asJson(args.specs, evaluator) : asTables(args.specs, evaluator.report)
    evaluator.dispose()
    const output = await Output.open(undefined)
    await output.write(text)
    await output.end()
  },
})

export const inspectExamples = [
  ['Counts, user fields, unsupported conditions, dropped specs', 'framegate inspect --specs specs.json'],
  ['The names of all gates', "framegate inspect --specs specs.json --json | jq -r '.names.gates[]'"],
] as const

function asJson(file: string, { report, list }: Evaluator): string {
  return `${JSON.stringify({ file, ...report, names: list }, null, 2)}\n`
}

function asTables(file: string, report: LoadReport): string {
  const { counts, dropped, unsupported } = report
  const time = report.time === null ? 'not given' : `${isoTime(report.time)} (${report.time})`
  const sections: [string, string[]][] = [
    [
      'Payload',
      alignedPairs([
        ['file', file],
        ['format', report.format],
        ['time', time],
        ['size', counted(report.bytes, 'byte')],
        ['country by IP', report.needsCountryTable ? 'looked up' : 'not used'],
      ]),
    ],
    [
      'Counts',
      alignedTable(
        [{ title: 'kind' }, { title: 'count', align: 'right' }],
        Object.entries(counts).map(([kind, count]) => [kindNames[kind as keyof typeof counts] ?? kind, grouped(count)]),
      ),
    ],
    [`User fields read (${report.fields.length})`, report.fields.map(printable)],
    [`ID lists asked for (${report.idLists.length})`, report.idLists.map(printable)],
    [
      `Unsupported conditions (${unsupported.length})`,
      alignedTable(
        [{ title: 'kind' }, { title: 'name' }, { title: 'rule' }, { title: 'reason' }],
        unsupported.map(({ kind, name, rule, reason }) => [kind, name, rule, reason]),
      ),
    ],
    [
      `Dropped (${dropped.length})`,
      alignedTable(
        [{ title: 'kind' }, { title: 'name' }, { title: 'reason' }],
        dropped.map(({ kind, name, reason }) => [kind, name, reason]),
      ),
    ],
  ]
  return sections
    .map(([title, lines]) =>
      [title, ...(lines.length > 0 ? lines : ['none']).map((line) => `  ${line}`), ''].join('\n'),
    )
    .join('\n')
}

const kindNames: Record<keyof LoadReport['counts'], string> = {
  gates: 'gates',
  segments: 'segments',
  holdouts: 'holdouts',
  dynamicConfigs: 'dynamic configs',
  experiments: 'experiments and autotunes',
  autotunes: 'contextual bandits',
  layers: 'layers',
  conditions: 'conditions',
  idLists: 'ID lists',
}

function alignedPairs(pairs: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...pairs.map(([label]) => label.length))
  return pairs.map(([label, value]) => `${label.padEnd(widest)}  ${printable(value)}`)
}

// A payload's time may be any number; only some of them are dates.
function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString()
}
