import { describe, expect, test } from 'vitest'
import { type Piece, Slabs } from './slabs.ts'

const bytesOf = ({ memory, base }: Piece, length: number) => memory.u8.subarray(base, base + length)

describe('pieces of slabs', () => {
  test('are zero, begin at multiples of 8 and are one holder’s alone', () => {
    const slabs = new Slabs()
    const sizes = Array.from({ length: 500 }, (_, number) => 1 + ((number * 397) % 6000))
    const pieces = sizes.map((size) => slabs.take(size))
    pieces.forEach((piece, number) => {
      const bytes = bytesOf(piece, sizes[number] as number)
      expect(bytes).toHaveLength(sizes[number] as number)
      expect(piece.base % 8).toBe(0)
      expect(bytes.every((byte) => byte === 0)).toBe(true)
      bytes.fill(1 + (number % 255))
    })
    pieces.forEach((piece, number) => {
      const bytes = bytesOf(piece, sizes[number] as number)
      expect(bytes.every((byte) => byte === 1 + (number % 255))).toBe(true)
    })
  })

  test('share slabs of up to 32 KiB, the first of which is small; large ones have their own', () => {
    const slabs = new Slabs()
    const buffers = new Set(Array.from({ length: 600 }, () => slabs.take(1000).memory.u8.buffer))
    const sizes = [...buffers].map(({ byteLength }) => byteLength)
    expect(sizes.slice(0, 5)).toEqual([4096, 8192, 16_384, 32_768, 32_768])
    expect(Math.max(...sizes)).toBe(32_768)
    expect(slabs.take(5000).memory.u8.byteLength).toBe(5000)
    expect(slabs.take(1000).memory.u8.byteLength).toBe(32_768)
  })
})
