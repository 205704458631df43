// framegate/ffi/worker: the script of a web worker that runs a library's nonblocking symbols. Browsers, Deno and Bun have
// such workers; Node's threads are started by `ffiWorker` of framegate/node.

import { CallServer } from './wasm/call-server.ts'

const scope = globalThis as unknown as DedicatedWorkerGlobalScope
const server = new CallServer((reply, moved) => scope.postMessage(reply, moved))
scope.addEventListener('message', ({ data }) => server.receive(data))
