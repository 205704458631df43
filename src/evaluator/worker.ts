// framegate/evaluator/worker: the script of a web worker that loads specs for `updateAsync`. Browsers, Deno and Bun have
// such workers; on Node the evaluator starts threads by itself.

import { LoaderServer } from './loader-thread.ts'

const scope = globalThis as unknown as DedicatedWorkerGlobalScope
const server = new LoaderServer((reply, moved) => scope.postMessage(reply, moved))
scope.addEventListener('message', ({ data }) => server.receive(data))
