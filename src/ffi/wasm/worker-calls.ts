// Nonblocking calls of a WebAssembly guest: they run one after another in a worker that has an instance of its own.

import type { Definitions } from '../definitions.ts'
import type { FfiWorker } from '../library.ts'
import type { Signature } from '../signature.ts'
import type { WasmGuest } from './guest.ts'

export class WorkerCalls {
  constructor(_guest: WasmGuest, _definitions: Definitions, _start: (() => FfiWorker) | undefined) {}

  bind(_signature: Signature): (...values: unknown[]) => Promise<unknown> {
    throw new Error('not yet')
  }

  end(): void {}
}
