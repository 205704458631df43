// The script of the threads that load specs for evaluators of framegate/node; what worker.ts is elsewhere.

import { type MessagePort, parentPort } from 'node:worker_threads'
import { LoaderServer } from './loader-thread.ts'

const port = parentPort as MessagePort
const server = new LoaderServer((reply, moved) => port.postMessage(reply, moved))
port.on('message', (message) => server.receive(message))
