/**
 * What every runtime runs: the built core on whole data sets, with nothing of Node's. Plain JavaScript, because Node 20 under an
 * emulator and workerd take no TypeScript.
 *
 * Input `[{ specs, users, idLists }]`, output the result lines of each set, the sets one after another.
 */
import { ResultLineWriter } from '../../dist/cli/result-line.js'
import { selectEntities } from '../../dist/cli/selection.js'

export function evaluateSets(sets, createEvaluator) {
  return sets
    .map(({ specs, users, idLists }) => {
      const evaluator = createEvaluator({ specs, idLists })
      const autotunes = Object.entries(JSON.parse(specs).dynamic_configs).filter(
        ([, spec]) => spec.entity === 'autotune',
      )
      const selection = selectEntities(evaluator.list, new Set(autotunes.map(([name]) => name)), {}, new Map())
      const writer = new ResultLineWriter(selection)
      const lines = users.map((user, index) => writer.line(evaluator.bind(user), index)).join('')
      evaluator.dispose()
      return lines
    })
    .join('')
}
