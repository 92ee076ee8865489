/** What ids stand for, kept for an hour: asked for one by one while they are few, else all at once. */
import type { Context } from '../../../src/connector/contract.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'

const keptMs = 3_600_000
/** Beyond these, ids are asked for one by one. Some 100 bytes each. */
const keptMax = 200_000
/** With more than these since all were read, all are. */
const singlesMax = 50
const allAgainMs = 300_000

export interface Asking {
  /** Null where there is none. */
  one(id: string, signal: AbortSignal): Promise<string | null>
  /** Ids, each with what it stands for, page by page. */
  all(signal: AbortSignal): AsyncIterable<ReadonlyMap<string, string>>
}

export class LookedUp {
  readonly #asking: Asking
  readonly #context: Pick<Context, 'now' | 'log'>
  readonly #kept = new Map<string, { readonly value: string | null; readonly until: number }>()
  #singles = 0
  #allAgainAt = 0
  /** In ms since 1970: our user may not ask. */
  #closedUntil = 0

  constructor(asking: Asking, context: Pick<Context, 'now' | 'log'>) {
    this.#asking = asking
    this.#context = context
  }

  /** Of those that our user is not shown there is nothing. @throws ConnectorError of any other failure. */
  async of(ids: Iterable<string | undefined>, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const wanted = [...new Set(ids)].filter((id) => id !== undefined)
    await this.#ask(wanted, signal)
    return new Map(
      wanted.flatMap((id) => {
        const value = this.#kept.get(id)?.value
        return value == null ? [] : [[id, value]]
      }),
    )
  }

  async #ask(wanted: readonly string[], signal: AbortSignal): Promise<void> {
    const now = this.#context.now().getTime()
    const isKnown = (id: string) => (this.#kept.get(id)?.until ?? 0) > now
    const unknown = wanted.filter((id) => !isKnown(id))
    if (unknown.length === 0 || now < this.#closedUntil) return
    try {
      if (this.#singles + unknown.length > singlesMax && now >= this.#allAgainAt) {
        await this.#askAll(now, signal)
        // Whom a list of all does not show, no single question does.
        for (const id of unknown) if (!isKnown(id)) this.#keep(id, null, now + keptMs)
        return
      }
      for (const id of unknown) {
        this.#singles += 1
        this.#keep(id, await this.#asking.one(id, signal), now + keptMs)
      }
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      // Events matter more than whose they are.
      this.#closedUntil = now + keptMs
      this.#context.log('warn', 'aeos.events-without-names', { code: error.code as `${string}.${string}` })
    }
  }

  async #askAll(now: number, signal: AbortSignal): Promise<void> {
    for await (const some of this.#asking.all(signal))
      for (const [id, value] of some) this.#keep(id, value, now + keptMs)
    this.#singles = 0
    this.#allAgainAt = now + allAgainMs
  }

  #keep(id: string, value: string | null, until: number): void {
    // The first of them are those that were asked for the longest ago.
    this.#kept.delete(id)
    if (this.#kept.size >= keptMax) this.#kept.delete(this.#kept.keys().next().value ?? '')
    this.#kept.set(id, { value, until })
  }
}
