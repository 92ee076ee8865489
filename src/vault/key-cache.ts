/** Keeps the data keys used last, so that unwrapping is paid once, and answers only for exactly the row it was made from. */
import type { KeyId } from '../model/id.ts'
import type { DataKey } from './data-key.ts'

/** A row of `person_key`. */
export interface WrappedKey {
  readonly id: KeyId
  readonly epoch: string
  readonly wrapped: Buffer
  /** The keys that were its person's before keys were replaced, newest first, each wrapped under the same epoch. */
  readonly former?: Buffer | null
}

interface Entry {
  readonly row: WrappedKey
  readonly key: DataKey
}

export class KeyCache {
  readonly #max: number
  // A Map goes through its keys in the order of insertion, so re-inserting on use keeps the oldest first.
  readonly #entries = new Map<KeyId, Entry>()

  constructor(max: number) {
    if (!Number.isInteger(max) || max < 1) throw new RangeError('a key cache holds 1 key or more')
    this.#max = max
  }

  get(row: WrappedKey): DataKey | undefined {
    const entry = this.#entries.get(row.id)
    // A changed row is unwrapped anew: it was wrapped again, or a thief changed it and it must fail.
    if (entry === undefined || entry.row.epoch !== row.epoch || !entry.row.wrapped.equals(row.wrapped)) return undefined
    this.#entries.delete(row.id)
    this.#entries.set(row.id, entry)
    return entry.key
  }

  put(row: WrappedKey, key: DataKey): void {
    this.#entries.delete(row.id)
    // A copy of the bytes: the caller's buffer may be part of a larger one that would stay in memory with it, or be reused.
    this.#entries.set(row.id, { row: { ...row, wrapped: Buffer.from(row.wrapped) }, key })
    if (this.#entries.size <= this.#max) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(id: KeyId): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }
}
