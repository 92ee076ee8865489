/** Fetches the next page of a list while the one before is being looked at, and no further. */

/** A failure of a page comes when its turn comes; who stops early waits for the page that is on its way. */
export async function* oneAhead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]()
  const fetch = (): Promise<IteratorResult<T>> => {
    const page = iterator.next()
    // Thrown when it is waited for, which may be after it failed.
    page.catch(() => undefined)
    return page
  }
  try {
    for (let next = fetch(); ; ) {
      const page = await next
      if (page.done === true) return
      next = fetch()
      yield page.value
    }
  } finally {
    await iterator.return?.()
  }
}
