/**
 * What every runtime runs: the built core on whole data sets, with nothing of Node's. Plain JavaScript, because Node 20 under an
 * emulator and workerd take no TypeScript.
 *
 * Input `[{ specs, users, idLists }]`, output the result lines of each set, the sets one after another.
 */
import { ByteBuffer } from '../../dist/cli/byte-buffer.js'
import { ResultLineWriter } from '../../dist/cli/result-line.js'
import { selectEntities } from '../../dist/cli/selection.js'

export function evaluateSets(sets, createEvaluator) {
  const output = new ByteBuffer()
  for (const { specs, users, idLists } of sets) {
    const evaluator = createEvaluator({ specs, idLists })
    const writer = new ResultLineWriter(selectEntities(evaluator, {}))
    users.forEach((user, index) => {
      writer.write(evaluator.bind(user), index, output)
    })
    evaluator.dispose()
  }
  return new TextDecoder().decode(output.take())
}
