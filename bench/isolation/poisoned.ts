/** A snapshot that is whole, of an engine whose specs are not: whatever is asked of who starts from it, it traps. */
import type { Snapshot } from '../../src/node.ts'
import { createEvaluator, ENGINE, engineGuest, meteredEngineModule, open } from './built.ts'

export function poisoned(specs: string): Snapshot {
  const module = meteredEngineModule()
  using healthy = createEvaluator({ module, specs })
  const { snapshot } = healthy
  using library = open(engineGuest(module, {}), ENGINE, { snapshot })
  const { note } = snapshot
  const headerLength = new DataView(note.buffer, note.byteOffset).getUint32(0, true)
  const { handle } = JSON.parse(new TextDecoder().decode(note.slice(4, 4 + headerLength))) as { handle: number }
  const frame = library.frame(0)
  frame.memory.u8.fill(0xff, handle, handle + 200)
  frame.release()
  return library.snapshot(note)
}
