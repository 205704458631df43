import { describe, expect, test } from 'vitest'
import { type UserBatch, userBatches } from './user-lines.ts'

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function batchesOf(text: string, linesPerBatch = 256, chunkSize = 64): Promise<UserBatch[]> {
  const batches: UserBatch[] = []
  for await (const batch of userBatches(chunksOf(text, chunkSize), linesPerBatch)) batches.push(batch)
  return batches
}

const textOf = (batches: readonly UserBatch[]) => batches.map((batch) => new TextDecoder().decode(batch.bytes)).join('')

describe('userBatches', () => {
  test('gives back every byte in order, however the input is cut', async () => {
    const text = Array.from({ length: 100 }, (_, index) => `{"userID":"ü😀 ${index}"}\n`).join('')
    for (const chunkSize of [1, 2, 3, 7, 64, 1000, 100_000]) {
      const batches = await batchesOf(text, 9, chunkSize)
      expect(textOf(batches)).toBe(text)
      for (const batch of batches) expect(batch.users).toBeLessThanOrEqual(9)
    }
  })

  test('numbers the first line and the first user of each batch, blank lines counting as lines only', async () => {
    const batches = await batchesOf('a\n\nb\n \t\r\n\nc\nd', 2, 1000)
    expect(batches.map(({ firstLine, firstUser, users }) => [firstLine, firstUser, users])).toEqual([
      [1, 0, 1],
      [3, 1, 1],
      [5, 2, 1],
      [7, 3, 1],
    ])
  })

  test('takes a last line without a line feed', async () => {
    expect(textOf(await batchesOf('a\nb', 256, 2))).toBe('a\nb')
  })

  test('drops a byte order mark at the beginning and nowhere else', async () => {
    expect(textOf(await batchesOf('\ufeffa\n', 256, 1000))).toBe('a\n')
    expect((await batchesOf('a\n\ufeffb\n', 256, 1000)).at(0)?.bytes.length).toBe('a\nb\n'.length + 3)
  })

  test('has no batch for an empty input', async () => {
    expect(await batchesOf('')).toEqual([])
  })

  test('hands over whole lines before the next chunk comes', async () => {
    let asked = 0
    async function* source(): AsyncGenerator<Uint8Array> {
      for (const text of ['a\nb', '\nc\n']) {
        asked++
        yield new TextEncoder().encode(text)
      }
    }
    const batches = userBatches(source(), 256)
    expect(new TextDecoder().decode((await batches.next()).value?.bytes)).toBe('a\n')
    expect(asked).toBe(1)
    expect(new TextDecoder().decode((await batches.next()).value?.bytes)).toBe('b\nc\n')
  })
})
