/** A read of everybody that goes on beside the reading of changes, and takes them in, so that in its end it is as new as they are. */
import type { Found, Reader } from './read.ts'
import type { Row } from './rows.ts'

export class FullRead {
  readonly begunAt: Date
  readonly #rows = new Map<string, Row>()
  /** Read since for a change: what is still under way here is older. */
  readonly #changed = new Set<string>()
  #state: 'reading' | 'whole' | 'failed' = 'reading'
  #names = ''
  #isBehind = false
  readonly whole: Promise<void>

  constructor(reader: Reader, begunAt: Date, signal: AbortSignal) {
    this.begunAt = begunAt
    this.whole = this.#read(reader, signal)
    // Whoever waits for it hears of it; beside the changes, the state tells.
    this.whole.catch(() => undefined)
  }

  get state(): 'reading' | 'whole' | 'failed' {
    return this.#state
  }

  /** Names that the rows were written with. */
  get names(): string {
    return this.#names
  }

  /** In the order of their ids. */
  get rows(): ReadonlyMap<string, Row> {
    return new Map([...this.#rows].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)))
  }

  /** Somebody changed since it began who is not read again: another read of everybody is to follow. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  fallBehind(): void {
    this.#isBehind = true
  }

  take(changes: ReadonlyMap<string, Found>): void {
    for (const [id, found] of changes) {
      this.#changed.add(id)
      if (typeof found === 'object') this.#rows.set(id, found)
      else this.#rows.delete(id)
    }
  }

  async #read(reader: Reader, signal: AbortSignal): Promise<void> {
    try {
      const names = await reader.names(signal)
      this.#names = names.digest
      for await (const page of reader.all(names, signal))
        for (const [id, row] of page) if (!this.#changed.has(id)) this.#rows.set(id, row)
      this.#state = 'whole'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }
}
