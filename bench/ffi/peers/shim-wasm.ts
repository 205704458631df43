// This package's shim on WebAssembly.

import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { OpenPeer } from '../calls.ts'
import { openShim } from './shim.ts'

export const open: OpenPeer = (options) => {
  // What `ffiWorker` of framegate/node starts, of the shim that is measured.
  const worker = () => new Worker(`${options.shim}/node-worker.js`)
  return openShim({ module: new WebAssembly.Module(readFileSync(options.wasm)) }, options, worker)
}
