// A frame of the native backend that a caller holds in debug mode: it is refused once it was released.

import { Owned } from '../native/owned-frame.ts'
import type { GuardedMemory } from './guarded-memory.ts'

export class GuardedOwned extends Owned {
  readonly #views: GuardedMemory
  readonly #onRelease: () => void

  constructor(size: number, memory: GuardedMemory, onRelease: () => void) {
    super(size, memory)
    this.#views = memory
    this.#onRelease = onRelease
  }

  override release(): void {
    super.release()
    this.#views.release()
    this.#onRelease()
  }
}
