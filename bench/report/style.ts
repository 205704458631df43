/** What the report's style has beside that of `framegate verify`. */
import { reportStyle } from '../../src/cli/report-style.ts'

export const benchStyle = `${reportStyle}
:root { --own: #1a7f4b; --own-other: #58a87f; --peer: #aab3be; --peer-text: #5b6470 }
@media (prefers-color-scheme: dark) {
  :root { --own: #4cc38a; --own-other: #2f8a5f; --peer: #57616d; --peer-text: #9aa4b0 }
}
h3 { margin: 1.5rem 0 .25rem; font-size: 1rem }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: .5rem 1.5rem }
.figures { margin: .5rem 0 1.5rem }
.figures th:first-child, .figures td:first-child { text-align: left; padding-left: 0 }
.figures tr.own td { font-weight: 600 }
.targets th, .targets td { text-align: left; white-space: normal }
.targets th:first-child, .targets td:first-child { padding-left: 0 }
.met { color: var(--clean); font-weight: 600 }
.missed { color: var(--bad); font-weight: 600 }
`
