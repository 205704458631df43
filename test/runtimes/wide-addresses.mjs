// A module whose memory has addresses of 64 bits, opened: for runtimes that compile one.
import { open } from '../../dist/ffi/index.js'

// (module (memory (export "memory") i64 1))
const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const memory = [0x05, 0x03, 0x01, 0x04, 0x01]
const exported = [0x07, 0x0a, 0x01, 0x06, ...new TextEncoder().encode('memory'), 0x02, 0x00]
const module = new WebAssembly.Module(new Uint8Array([...header, ...memory, ...exported]))
try {
  open({ module }, {})
  console.log('opened')
} catch ({ code, message }) {
  console.log(code, message)
}
