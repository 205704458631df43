// UTF-8 out of memory. A text that is none is an error, never a text with replacement characters: two different byte
// strings must not come out alike.

import { FramegateError } from './errors.ts'

/** Up to this many bytes characters are taken eight at a time; beyond, one call of the decoder is cheaper. */
const SHORT_TEXT = 96

/** Safari's decoder fails for good once it has decoded 2 GiB, so each is replaced long before. */
const DECODER_BYTES = 1 << 30

let decoder: TextDecoder | undefined
let decoded = 0

/** What decoding starts with. */
function freshDecoder(): TextDecoder {
  decoded = 0
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
}

/**
 * Decodes bytes.
 *
 * @throws {@link FramegateError} `RESULT_INVALID` where they are not UTF-8
 */
export function decodeText(bytes: Uint8Array, place: string): string {
  decoded += bytes.length
  if (decoder === undefined || decoded > DECODER_BYTES) decoder = freshDecoder()
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new FramegateError('RESULT_INVALID', `${place} is not UTF-8; define it as bytes`, { cause })
  }
}

/**
 * Reads the C string at `address`.
 *
 * 32 ASCII bytes take about half the time of a search for the NUL and a call of the decoder (91 ns against 183).
 *
 * @throws {@link FramegateError} `RESULT_INVALID` where there is none
 */
export function readText(memory: Uint8Array, address: number, place: string): string {
  const { length } = memory
  let text = ''
  let at = address
  const shortEnd = Math.min(address + SHORT_TEXT, length - 8)
  for (; at < shortEnd; at += 8) {
    const a = memory[at] as number
    const b = memory[at + 1] as number
    const c = memory[at + 2] as number
    const d = memory[at + 3] as number
    const e = memory[at + 4] as number
    const f = memory[at + 5] as number
    const g = memory[at + 6] as number
    const h = memory[at + 7] as number
    if (a === 0 || b === 0 || c === 0 || d === 0 || e === 0 || f === 0 || g === 0 || h === 0) break
    if ((a | b | c | d | e | f | g | h) > 0x7f) return readLongText(memory, address, place)
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  for (const tailEnd = Math.min(at + 8, length); at < tailEnd; at++) {
    const byte = memory[at] as number
    if (byte === 0) return text
    if (byte > 0x7f) break
    text += String.fromCharCode(byte)
  }
  return readLongText(memory, address, place)
}

function readLongText(memory: Uint8Array, address: number, place: string): string {
  const end = memory.indexOf(0, address)
  if (end < 0 || address >= memory.length) {
    throw new FramegateError(
      'RESULT_INVALID',
      `${place} is the address ${address}, where no C string ends within the ${memory.length} bytes of memory; ` +
        'is the definition right?',
    )
  }
  return decodeText(memory.subarray(address, end), place)
}
