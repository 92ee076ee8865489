/** What the server said of its readers as it took a write: a reader that did not take it goes on deciding by what it knew before. */

import { z } from 'zod'
import type { Body } from './envelope.ts'
import { listOf, text } from './envelope.ts'

const deviceResponse = z.object({ result: text, rows: listOf(z.object({ code: text })) })

/**
 * True where the answer says that a reader did not take it. `DeviceResponse` is documented where readers are touched (BioStar 2 API,
 * Access Group), with a row for each and `result` false if any failed; not for writes to a user or a card, where it may come as well.
 */
export function isRefusedByReader({ DeviceResponse: told }: Body): boolean {
  const { success, data } = deviceResponse.safeParse(told)
  return success && (data.result === 'false' || data.rows.some(({ code }) => code !== undefined && code !== '0'))
}

/** No document says when a reader takes what it refused; its own state tells of it as well, where that may be seen. */
const rememberedMs = 3_600_000

export class ReaderRefusals {
  readonly #now: () => Date
  #lastAt: number | null = null

  constructor(now: () => Date) {
    this.#now = now
  }

  note(): void {
    this.#lastAt = this.#now().getTime()
  }

  /** Whether there was one within the last hour. */
  get recent(): boolean {
    return this.#lastAt !== null && this.#now().getTime() - this.#lastAt < rememberedMs
  }
}
