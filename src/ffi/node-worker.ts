// The script of the threads that `ffiWorker` of framegate/node starts; what worker.ts is elsewhere.

import { type MessagePort, parentPort } from 'node:worker_threads'
import { CallServer } from './wasm/call-server.ts'

const port = parentPort as MessagePort
const server = new CallServer((reply, moved) => port.postMessage(reply, moved))
port.on('message', (message) => server.receive(message))
