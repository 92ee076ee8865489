/** Asks who was changed lately, beside the log: a change that no entry names is seen all the same, where the version can tell. */
import type { Context } from '../../../src/connector/contract.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import { allDone } from '../../../src/connector/outcomes.ts'
import { cameInAugust2024, type Offered } from '../offered.ts'
import type { CarrierType, Settings } from '../settings.ts'
import { type Client, holderPage } from '../soap/client.ts'
import { ownFailure } from '../soap/errors.ts'
import { fromLocal, toLocalEnd } from '../soap/local-time.ts'
import { surelyLast, walk } from '../soap/pages.ts'
import type { Cursor } from './cursor.ts'

/** What is written now may bear the time at which it began to be written: so far back is asked again. */
const overlapMs = 30_000
/** Further ahead of ours no server's clock is that is right. */
const clocksDifferMs = 60_000
/** With more who were changed within that time, none of it is asked again: who they were would fill the cursor. */
const seenMax = 2_000
/** Around the hour that clocks show twice, a time may look that much older than it is. */
const clockChangeMs = 3_600_000

type Recent = NonNullable<Cursor['modified']>

/** What can't be asked now is tried again so much later. */
const restMs = 3_600_000

/** A carrier, and when it was changed, as the server wrote it. */
interface Change {
  readonly id: string
  readonly text: string
  /** In ms since 1970. */
  readonly at: number
}

interface Told {
  readonly recent: Recent | null
  readonly carriers: readonly string[]
  readonly failure?: ConnectorError
}

/** A second change within the same second looks the same: that one is left to the log. */
const keyOf = ({ id, text }: Change) => `${id}@${text}`

export class Modified {
  readonly #client: Client
  readonly #offered: Offered
  readonly #settings: Settings
  readonly #context: Pick<Context, 'now' | 'log'>
  /** In ms since 1970. */
  #restUntil = 0

  constructor(client: Client, offered: Offered, settings: Settings, context: Pick<Context, 'now' | 'log'>) {
    this.#client = client
    this.#offered = offered
    this.#settings = settings
    this.#context = context
  }

  /** From when on it is asked; whoever was changed before is not told of. Null where the version can't tell. */
  async begin(signal: AbortSignal): Promise<Recent | null> {
    if (!(await this.#offered.has(cameInAugust2024, signal))) return null
    const from = toLocalEnd(this.#context.now().getTime() - overlapMs, this.#settings.server_zone)
    return (await this.since({ from, seen: [] }, signal)).recent
  }

  /** Whom the server says to have been changed since, and from when on it is asked the next time; nobody while it can't be asked so. */
  async since(recent: Recent | null, signal: AbortSignal): Promise<Told> {
    const nobody = { recent, carriers: [] }
    if (recent === null || this.#context.now().getTime() < this.#restUntil) return nobody
    const from = this.#past(recent.from)
    const changes: Change[] = []
    try {
      const asked = this.#settings.people.carrier_types.map((type) => this.#changes(type, from, signal))
      changes.push(...(await allDone(asked)).flat())
    } catch (failure) {
      if (!(failure instanceof ConnectorError) || failure.kind === 'unauthenticated' || failure.kind === 'throttled')
        throw failure
      return { ...nobody, failure }
    }
    const known = new Set(recent.seen)
    const fresh = changes.filter((change) => !known.has(keyOf(change)))
    const carriers = [...new Set(fresh.map(({ id }) => id))]
    return { recent: fresh.length === 0 ? recent : this.#after(changes, from), carriers }
  }

  /** For a while, since this alone failed: it must not hold up what the log tells. */
  rest({ code }: ConnectorError): void {
    this.#restUntil = this.#context.now().getTime() + restMs
    this.#context.log('warn', 'aeos.modified-unread', { code: code as `${string}.${string}` })
  }

  #after(changes: readonly Change[], before: string): Recent {
    const zone = this.#settings.server_zone
    const newest = changes.reduce((latest, change) => (change.at > latest.at ? change : latest))
    // A time that lies ahead, of a clock that was put right since, must not have us pass over whoever is changed until then.
    const now = this.#context.now().getTime()
    const reached = toLocalEnd(Math.min(newest.at, now) - overlapMs, zone)
    const from = reached > before ? reached : before
    const since = fromLocal(from, zone) ?? newest.at
    const seen = changes.filter(({ at }) => at >= since).map(keyOf)
    if (seen.length <= seenMax) return { from, seen }
    return { from: newest.at > now ? toLocalEnd(now, zone) : secondAfter(newest.text), seen: [] }
  }

  /** The time from when on it is asked, unless that lies ahead, by a clock that was put right since. */
  #past(from: string): string {
    const zone = this.#settings.server_zone
    const now = this.#context.now().getTime()
    return from > toLocalEnd(now + clocksDifferMs, zone) ? toLocalEnd(now - overlapMs, zone) : from
  }

  async #changes(type: CarrierType, from: string, signal: AbortSignal): Promise<readonly Change[]> {
    const { server_zone: zone } = this.#settings
    const earliest = (fromLocal(from, zone) ?? 0) - clockChangeMs
    let size = holderPage
    const page = async (start: number) => {
      try {
        return await this.#client.findModified(type, from, { start, size }, signal)
      } catch (error) {
        if (!isTooLarge(error) || size === surelyLast) throw error
        size = surelyLast
        return this.#client.findModified(type, from, { start, size }, signal)
      }
    }
    const load = async (start: number) => {
      const { rows, total } = await page(start)
      const changes = rows.map(({ Id: id, ModificationDate: text = '' }) => ({
        id,
        text,
        at: fromLocal(text, zone) ?? 0,
      }))
      // One that reads over the criterion gives everybody.
      if (changes.some(({ at }) => at < earliest)) throw readOver()
      return { rows: changes, total }
    }
    return (await Array.fromAsync(walk(load, ({ id }) => id))).flat()
  }
}

/** Each may bring a picture. */
function isTooLarge(error: unknown): boolean {
  return error instanceof ConnectorError && error.code === 'http.response-too-large'
}

function secondAfter(text: string): string {
  return new Date(Date.parse(`${text.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)
}

function readOver() {
  return ownFailure(
    'rejected',
    'aeos.filter-ignored',
    'AEOS does not find people by when they were changed, though its version can.',
  )
}
