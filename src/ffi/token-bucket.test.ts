import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const takenOf = (bucket: TokenBucket, tries: number, cost?: number) =>
  Array.from({ length: tries }, () => bucket.take(cost)).filter(Boolean).length

test('a bucket holds a second’s worth, and fills up as time passes', () => {
  const bucket = new TokenBucket(5)
  expect(takenOf(bucket, 20)).toBe(5)
  expect(bucket.wait).toBe(200)
  vi.advanceTimersByTime(400)
  expect(takenOf(bucket, 20)).toBe(2)
  vi.advanceTimersByTime(60_000)
  expect(takenOf(bucket, 20)).toBe(5)
})

test('what costs more than there is is had all the same, and owed', () => {
  const bucket = new TokenBucket(5)
  expect(takenOf(bucket, 20, 4)).toBe(2)
  expect(bucket.wait).toBe(800)
  vi.advanceTimersByTime(700)
  expect(takenOf(bucket, 1)).toBe(0)
  vi.advanceTimersByTime(100)
  expect(takenOf(bucket, 20, 100)).toBe(1)
  vi.advanceTimersByTime(19_000)
  expect(takenOf(bucket, 1)).toBe(0)
  vi.advanceTimersByTime(1_000)
  expect(takenOf(bucket, 1)).toBe(1)
})
