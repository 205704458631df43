/** The same in a Cloudflare Worker, whose modules are imports. */

import operator from '../../.cache/guests/operator-metered.wasm'
import metered from '../../dist/engine.metered.wasm'
import module from '../../dist/engine.wasm'
import { createEvaluator, Snapshot } from '../../dist/workerd.js'
import { isolation } from './isolation.mjs'

export default {
  async fetch() {
    return new Response(await isolation({ createEvaluator, Snapshot, module, metered, operator }))
  },
}
