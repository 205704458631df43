/** The report of `framegate verify --report`: one HTML file that needs nothing else, with verdict, matrix and chart. */
import { safe } from '../html.ts'
import { counted, grouped } from '../printable.ts'
import { factsTable } from '../report-facts.ts'
import { reportStyle } from '../report-style.ts'
import { throughputChart } from './chart.ts'
import { type CellResult, type WrongKind, type WrongReply, wrongKinds, wrongTotal } from './result.ts'
import { type Row, rowOf, rows, workloads } from './rows.ts'
import { firstWrong, outcomeNames, rate, shownKinds, wrongNames } from './table.ts'
import { leftOutLines, outcomeOf, type Verdict } from './verdict.ts'
import type { Verification } from './verification.ts'

const wideChart = 860
const narrowChart = 360

const kindMeanings: Readonly<Record<WrongKind, string>> = {
  another: 'what another call should have got',
  nothing: 'nothing',
  argument: 'what some call had passed in',
  unknown: 'what no call of the run could have got or passed',
}

/** The whole file. */
export function renderReport(verification: Verification): string {
  const { verdict, results } = verification
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>framegate verify: ${verdictWord(verdict)}</title>
<style>${reportStyle}</style>
</head>
<body>
<h1>Can a call get another call's result?</h1>
${verdictBox(verdict)}
<p>Every operation asks for something that only its own call can know, and checks whether the reply is the answer to that
call. Two controls are built to give wrong replies, as two released libraries did: only a harness that catches them can
be believed when it finds nothing elsewhere.</p>
<h2>Matrix</h2>
${matrix(results)}
<p class="note on-narrow">The table goes on to the right.</p>
<h2>Operations a second</h2>
<p class="key"><span>clean</span><span class="control">control, caught</span><span class="bad">wrong, crashed or missed</span></p>
<div class="chart">
<div class="wide">${throughputChart(results, wideChart)}</div>
<div class="narrow">${throughputChart(results, narrowChart)}</div>
</div>
<p class="note">The scale is logarithmic; the small numbers on the left are workers.</p>
<h2>Wrong replies, word for word</h2>
${examples(results)}
<h2>What an operation is</h2>
<dl>
${workloads.map(({ name, what }) => `<dt>${name}</dt><dd>${safe(what)}</dd>`).join('\n')}
</dl>
<h2>What each row is, and what a wrong reply in it would mean</h2>
<dl>
${rows.map(explanation).join('\n')}
</dl>
<h2>Where it ran</h2>
${facts(verification)}
</body>
</html>
`
}

/** How the verdict is called. */
export function verdictWord({ proved }: Verdict): string {
  return proved ? 'proved' : 'not proved'
}

function verdictBox(verdict: Verdict): string {
  const leftOut = leftOutLines(verdict).map((line) => `<li>Left out: ${safe(line)}</li>`)
  const reasons = verdict.reasons.map((reason) => `<li>${safe(reason)}</li>`)
  const list = [...reasons, ...leftOut].join('')
  return `<section class="verdict${verdict.proved ? '' : ' not'}">
<strong>${verdictWord(verdict)}</strong>
${safe(verdict.summary)}
${list && `<ul>${list}</ul>`}
</section>`
}

function matrix(results: readonly CellResult[]): string {
  const kinds = shownKinds(results)
  const titles = ['ops', 'ops/s', ...kinds.map((kind) => wrongNames[kind]), 'first wrong', 'crashes']
  const body = rows.flatMap((row) => {
    const cells = results.filter((result) => result.row === row.id)
    if (cells.length === 0) return []
    const head = `<tr class="row"><th colspan="${3 + titles.length}"><span>${safe(row.title)}</span></th></tr>`
    return [head, ...cells.map((result) => matrixLine(result, kinds))]
  })
  return `<div class="scroll"><table class="matrix">
<thead><tr><th>workers</th><th class="outcome-title">outcome</th><th>wrong</th>${titles.map((title) => `<th>${title}</th>`).join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>`
}

function matrixLine(result: CellResult, kinds: readonly WrongKind[]): string {
  const outcome = outcomeOf(result)
  const numbers = [
    grouped(wrongTotal(result)),
    grouped(result.operations),
    rate(result),
    ...kinds.map((kind) => grouped(result.wrong[kind])),
    firstWrong(result),
    result.crash === null ? '0' : '1',
  ]
  return `<tr><td>${grouped(result.workers)}</td><td class="outcome ${outcome}">${outcomeNames[outcome]}</td>${numbers
    .map((number) => `<td>${number}</td>`)
    .join('')}</tr>`
}

function examples(results: readonly CellResult[]): string {
  const items = results
    // Of a control, which is meant to give them, one cell will do.
    .filter(
      ({ row }, index) => rowOf(row).kind !== 'control' || results.findIndex((other) => other.row === row) === index,
    )
    .flatMap((result) => oneOfEachKind(result).map((reply) => exampleLine(result, reply)))
  return items.length === 0 ? '<p>None was seen.</p>' : `<ul>${items.join('\n')}</ul>`
}

function oneOfEachKind({ examples }: CellResult): WrongReply[] {
  return wrongKinds.flatMap((kind) => examples.find((reply) => reply.kind === kind) ?? [])
}

function exampleLine({ row, workers }: CellResult, { kind, worker, asked, got }: WrongReply): string {
  const { title } = rowOf(row)
  return `<li>${safe(title)}, ${counted(workers, 'worker')}: worker ${worker} asked for <code>${safe(asked)}</code> and got ${kindMeanings[kind]}: <code>${safe(got)}</code></li>`
}

function explanation(row: Row): string {
  return `<dt>${safe(row.title)}</dt><dd>${safe(row.what)}</dd><dd class="note">${safe(row.wrongMeans)}</dd>`
}

function facts({ machine, wanted }: Verification): string {
  const command = `framegate verify --workers ${wanted.workers.join(',')} --seconds ${wanted.seconds} --backend ${wanted.backends.join(',')}`
  return factsTable(machine, [
    ['koffi', safe(machine.koffi ?? 'not installed')],
    ...Object.entries(machine.guests).map(([name, hash]) => [safe(name), `<code>${hash}</code>`] as const),
    ['Ended', safe(machine.time)],
    ['Run again', `<code>${safe(command)}</code>`],
  ])
}
