// Users in batches, from an array, an iterator or a stream.

import type { User } from '../evaluator/index.ts'

/** A stretch of a source of users. */
export interface UserBatch {
  /** The number of its first user in the source. */
  readonly first: number
  readonly users: readonly User[]
}

/** A batch that is not full goes off when its source keeps it waiting for so many milliseconds. */
const LINGER = 10

/** Gathers users; the source is asked for no more of them than the batch under way needs. */
export function userBatches(users: Iterable<User> | AsyncIterable<User>, size: number): AsyncGenerator<UserBatch> {
  if (Array.isArray(users)) return slices(users, size)
  return Symbol.asyncIterator in users ? gathered(users, size) : collected(users, size)
}

async function* slices(users: readonly User[], size: number): AsyncGenerator<UserBatch> {
  for (let first = 0; first < users.length; first += size) yield { first, users: users.slice(first, first + size) }
}

async function* collected(source: Iterable<User>, size: number): AsyncGenerator<UserBatch> {
  let first = 0
  let users: User[] = []
  for (const user of source) {
    users.push(user)
    if (users.length < size) continue
    yield { first, users }
    first += users.length
    users = []
  }
  if (users.length > 0) yield { first, users }
}

async function* gathered(source: AsyncIterable<User>, size: number): AsyncGenerator<UserBatch> {
  const iterator = source[Symbol.asyncIterator]()
  let first = 0
  let reading = iterator.next()
  let isDone = false
  try {
    while (!isDone) {
      const users: User[] = []
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), LINGER)
      })
      try {
        while (users.length < size) {
          const next = users.length === 0 ? await reading : await Promise.race([reading, late])
          if (next === undefined) break
          isDone = next.done === true
          if (next.done) break
          users.push(next.value)
          // The first of the next batch is asked for with that batch.
          if (users.length < size) reading = iterator.next()
        }
      } finally {
        clearTimeout(timer)
      }
      const isFull = users.length === size
      if (users.length > 0) yield { first, users }
      first += users.length
      if (isFull && !isDone) reading = iterator.next()
    }
  } finally {
    if (!isDone) {
      reading.catch(() => {})
      await iterator.return?.()
    }
  }
}
