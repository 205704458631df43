/** A Cloudflare Worker: answers a POST of data sets with their result lines. The module is imported, since workerd compiles none at run time. */
import module from '../../dist/engine.wasm'
import { createEvaluator } from '../../dist/workerd.js'
import { evaluateSets } from './evaluate-sets.mjs'

export default {
  async fetch(request) {
    const { sets, countryTable } = await request.json()
    const table = Uint8Array.from(atob(countryTable), (character) => character.charCodeAt(0))
    return new Response(evaluateSets(sets, (options) => createEvaluator({ ...options, module, countryTable: table })))
  },
}
