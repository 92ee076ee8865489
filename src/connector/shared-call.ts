/** One call that several callers wait for: it is made once, and given up when the last of them has given up. */
export class SharedCall<T> {
  readonly #call: (signal: AbortSignal) => Promise<T>
  #running: { readonly result: Promise<T>; readonly abort: AbortController; waiting: number } | null = null

  constructor(call: (signal: AbortSignal) => Promise<T>) {
    this.#call = call
  }

  /** Settles as the call does, or rejects with the signal's reason, whichever comes first. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    const running = this.#running ?? this.#start()
    running.waiting += 1
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([running.result, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
      running.waiting -= 1
      if (running.waiting === 0 && this.#running === running) running.abort.abort(signal.reason)
    }
  }

  #start() {
    const abort = new AbortController()
    const result = this.#call(abort.signal)
    const running = { result, abort, waiting: 0 }
    this.#running = running
    const over = () => {
      if (this.#running === running) this.#running = null
    }
    // Whoever comes after the last one gave up makes a call of their own.
    abort.signal.addEventListener('abort', over, { once: true })
    result.then(over, over)
    return running
  }
}
