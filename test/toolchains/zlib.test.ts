/** A library that nobody here wrote: zlib, built from Debian's source package and as the machine has it, by one definition. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import koffi from 'koffi'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { projectFolder } from '../support/data.ts'
import { Random } from '../support/random.ts'

const ZLIB = {
  compressBound: { parameters: ['usize'], result: 'usize' },
  compress2: {
    parameters: [{ out: 'buffer' }, { inout: 'usize', name: 'length' }, 'buffer', { lengthOf: 2 }, 'i32'],
    result: 'i32',
  },
  uncompress: {
    parameters: [{ out: 'buffer' }, { inout: 'usize', name: 'length' }, 'buffer', { lengthOf: 2 }],
    result: 'i32',
  },
  crc32: { parameters: ['usize', 'buffer', { lengthOf: 1, as: 'u32' }], result: 'usize' },
  zlibVersion: { parameters: [], result: 'cstring' },
} as const

describe('zlib', () => {
  const module = new WebAssembly.Module(readFileSync(join(projectFolder, '.cache/guests/zlib.wasm')))
  const wasm = open({ module }, ZLIB)
  const native = open({ library: 'libz.so.1', koffi }, ZLIB)

  const compress = ({ symbols }: typeof wasm, data: Uint8Array, level: number): Uint8Array => {
    const out = new Uint8Array(symbols.compressBound(data.length))
    const { result, length } = symbols.compress2(out, out.length, data, level)
    expect(result).toBe(0)
    return out.subarray(0, length)
  }
  const uncompress = ({ symbols }: typeof wasm, data: Uint8Array, size: number): Uint8Array => {
    const out = new Uint8Array(size)
    const { result, length } = symbols.uncompress(out, out.length, data)
    expect([result, length]).toEqual([0, size])
    return out
  }

  test('both are the same version', () => {
    expect(wasm.symbols.zlibVersion()).toBe(native.symbols.zlibVersion())
  })

  test('1,000 buffers: the same bytes from both, and back again', () => {
    const random = new Random(20_261_124)
    for (let round = 0; round < 1000; round++) {
      const data = randomBuffer(random, round)
      const level = round % 10
      const compressed = compress(wasm, data, level)
      expect(
        Buffer.compare(compressed, compress(native, data, level)),
        `round ${round}, level ${level}, ${data.length} bytes`,
      ).toBe(0)
      expect(Buffer.compare(uncompress(wasm, compressed, data.length), data)).toBe(0)
      expect(Buffer.compare(uncompress(native, compressed, data.length), data)).toBe(0)
      if (round % 50 === 0) expect(Buffer.compare(inflateSync(compressed), data)).toBe(0)
      expect(wasm.symbols.crc32(0, data)).toBe(native.symbols.crc32(0, data))
    }
  })

  test('the checksum of the standard', () => {
    for (const { symbols } of [wasm, native]) expect(symbols.crc32(0, Buffer.from('123456789'))).toBe(0xcbf43926)
  })

  test('what zlib refuses is its own error code, and nothing else happens', () => {
    for (const { symbols } of [wasm, native]) {
      expect(symbols.uncompress(new Uint8Array(10), 10, Uint8Array.of(1, 2, 3)).result).toBe(-3)
      expect(symbols.compress2(new Uint8Array(2), 2, new Uint8Array(100), 9).result).toBe(-5)
    }
    expect([wasm.generation, native.generation]).toEqual([1, 1])
  })
})

/** From nothing to 100 kB: noise, repetition, and mixtures of both. */
function randomBuffer(random: Random, round: number): Uint8Array {
  const size = round < 20 ? round : random.below(round % 10 === 0 ? 100_000 : 5000)
  const spread = [1, 4, 64, 256][round % 4] as number
  return Uint8Array.from({ length: size }, () => random.below(spread))
}
