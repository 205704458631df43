// Work on a stream, with results in its order and bounded work in flight.

/**
 * Runs what a source gives, at most `inFlight` at a time, and yields the results in the source's order. The source is
 * asked for the next only when there is room for it, and a result does not wait for a source that is slow.
 *
 * When the consumer leaves early, the source is closed; what is in flight goes on and is forgotten.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  inFlight: number,
  run: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]()
  const running: Promise<Result>[] = []
  let reading: Promise<IteratorResult<Item>> | undefined
  let hasMore = true
  try {
    while (hasMore || running.length > 0) {
      const [oldest] = running
      if (hasMore && running.length < inFlight) reading ??= quietly(source.next())
      // Whichever comes first: a result must not wait for an item that a slow or idle source may never give.
      const event = await Promise.race([
        ...(reading !== undefined ? [reading] : []),
        ...(oldest !== undefined ? [oldest.then(() => undefined)] : []),
      ])
      if (event === undefined) {
        running.shift()
        if (oldest !== undefined) yield await oldest
        continue
      }
      reading = undefined
      if (event.done) hasMore = false
      else running.push(quietly(run(event.value)))
    }
  } finally {
    // A source that is in the middle of a read would be waited for.
    if (hasMore && reading === undefined) await source.return?.()
    else if (hasMore) void quietly(Promise.resolve(source.return?.()))
  }
}

/** A failure is met when its turn comes; until then, and when the run is left early, it must not count as unhandled. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
