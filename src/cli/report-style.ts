/** The style of the report: one column, the reader's own light or dark, wide tables that scroll within themselves. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f6f8; --text: #1c2128; --muted: #5b6470; --line: #d9dde3;
  --clean: #1a7f4b; --control: #9a5b00; --bad: #c4302b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --panel: #1d2228; --text: #e6e9ed; --muted: #9aa4b0; --line: #363d46;
    --clean: #4cc38a; --control: #e0a03c; --bad: #ff7b72;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body {
  margin: 0 auto; max-width: 58rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0 0 1rem; font-size: 1.4rem }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem }
p { margin: .5rem 0; max-width: 46rem }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; overflow-wrap: anywhere }
.verdict { padding: 1rem 1.25rem; border-left: .4rem solid var(--clean); background: var(--panel); border-radius: .25rem }
.verdict.not { border-color: var(--bad) }
.verdict strong { display: block; font-size: 1.6rem; line-height: 1.2; color: var(--clean) }
.verdict.not strong { color: var(--bad) }
.verdict ul { margin: .5rem 0 0; padding-left: 1.2rem }
.note { color: var(--muted) }
.scroll { overflow-x: auto; margin: 0 -1rem; padding: 0 1rem }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums }
.matrix { min-width: 100% }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
thead th { color: var(--muted); vertical-align: bottom }
.matrix .row th { padding-top: 1rem; text-align: left }
.matrix th:first-child, .matrix td:first-child { padding-left: 0 }
.matrix .row span { position: sticky; left: 0 }
.outcome { text-align: left; font-weight: 600; color: var(--bad) }
.outcome.clean { color: var(--clean) }
.outcome.caught { color: var(--control) }
.facts th, .facts td { text-align: left; white-space: normal; vertical-align: top }
.facts th { padding-left: 0; color: var(--muted); white-space: nowrap }
.facts td { overflow-wrap: anywhere }
dt { margin-top: 1.1rem; font-weight: 600 }
dd { margin: .2rem 0 0; max-width: 46rem }
dd.note { font-size: .925rem }
.chart svg { display: block; max-width: 100%; height: auto }
.chart .narrow, .on-narrow { display: none }
@media (max-width: 46rem) {
  .chart .wide { display: none }
  .chart .narrow, .on-narrow { display: block }
}
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; font-size: .875rem }
.key span::before { content: "\\25CF"; margin-right: .4em; color: var(--clean) }
.key .control::before { content: "\\2715"; color: var(--control) }
.key .bad::before { content: "\\2715"; color: var(--bad) }
`
