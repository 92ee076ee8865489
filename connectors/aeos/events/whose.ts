/** Whose an event is: from ids of carriers to accounts, as this connector names them elsewhere, and from ids of badges to cards. */
import type { Context } from '../../../src/connector/contract.ts'
import type { Card } from '../../../src/model/card.ts'
import { badgeIn, badgeRef, cardOf } from '../badges.ts'
import { findCarriers } from '../find-carriers.ts'
import { carrierRef, hasLeft, isNumber } from '../mapping.ts'
import { isSource, type Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'
import { walk } from '../soap/pages.ts'
import type { EventRecord, PersonRecord } from '../soap/records.ts'
import { type Asking, LookedUp } from './looked-up.ts'

export interface Whose {
  readonly account: string | null
  readonly card: Card | null
}

export class WhoseEvents {
  readonly #settings: Settings
  readonly #accounts: LookedUp
  readonly #badges: LookedUp

  constructor(client: Client, settings: Settings, context: Pick<Context, 'now' | 'log'>) {
    this.#settings = settings
    this.#accounts = new LookedUp(accountsOf(client, settings, context.now), context)
    this.#badges = new LookedUp(badgesOf(client), context)
  }

  /** Whose each event is. */
  async of(events: readonly EventRecord[], signal: AbortSignal): Promise<(event: EventRecord) => Whose> {
    // The people of a source are named by the ids of their carriers.
    const isNamedById = isSource(this.#settings)
    const carriers = isNamedById ? [] : events.map(({ CarrierId }) => CarrierId)
    const tokens = this.#settings.identifier_types.length === 0 ? [] : events.map(({ IdentifierId }) => IdentifierId)
    const accounts = await this.#accounts.of(carriers, signal)
    const badges = await this.#badges.of(tokens, signal)
    return ({ CarrierId, IdentifierId, Identifier }) => ({
      account:
        CarrierId === undefined ? null : isNamedById ? CarrierId : (accounts.get(CarrierId) ?? carrierRef(CarrierId)),
      card: this.#card(IdentifierId === undefined ? undefined : badges.get(IdentifierId), Identifier),
    })
  }

  /** No document says how an event writes the number of a badge: one that looks like another number is not taken for it. */
  #card(ref: string | undefined, shown: string | undefined): Card | null {
    if (ref === undefined) return null
    const key = badgeIn(ref)
    const isSame = shown === undefined || shown.toUpperCase().endsWith(key.BadgeNumber.toUpperCase())
    return isSame ? cardOf(key, this.#settings) : null
  }
}

/** What of a carrier decides how its account is named. */
interface Bearing {
  readonly id: string
  readonly number: string
  readonly hasLeft: boolean
}

/**
 * As the list of accounts names them: by the personnel number, of several with the same by that of the one that has not left. All others,
 * and those that several bear at once, by the ids of their carriers.
 */
function accountsOf(client: Client, settings: Settings, now: () => Date): Asking {
  const bearing = (record: PersonRecord): Bearing => ({
    id: record.Id,
    number: record.PersonnelNo?.trimEnd() ?? '',
    hasLeft: hasLeft(record, now(), settings),
  })
  return {
    async one(id, signal) {
      const [record] = await findCarriers(client, carrierRef(id), signal)
      if (record === undefined) return null
      const { number } = bearing(record)
      if (!isNumber(number)) return carrierRef(id)
      const same = await findCarriers(client, number, signal)
      return bearerOf(same.map(bearing)) === id ? number : carrierRef(id)
    },
    async *all(signal) {
      const found: Bearing[] = []
      const load = (start: number) => client.findPeople({}, start, signal)
      for await (const rows of walk(load, ({ Id }) => Id)) found.push(...rows.map(bearing))
      const bearers = new Map([...Map.groupBy(found, ({ number }) => number)].map(([at, of]) => [at, bearerOf(of)]))
      const isBearer = ({ id, number }: Bearing) => isNumber(number) && bearers.get(number) === id
      yield new Map(found.map((each) => [each.id, isBearer(each) ? each.number : carrierRef(each.id)]))
    },
  }
}

/** Of all with one number. Of those that have left, the newest stands for all. Null where nobody can tell whose the number is. */
function bearerOf(same: readonly Bearing[]): string | null {
  const here = same.filter((each) => !each.hasLeft)
  if (here.length > 0) return here.length === 1 ? (here[0]?.id ?? null) : null
  return same.toSorted((a, b) => Number(a.id) - Number(b.id)).at(-1)?.id ?? null
}

function badgesOf(client: Client): Asking {
  return {
    async one(Id, signal) {
      const { rows } = await client.findTokens({ Id }, 0, signal)
      const row = rows.find(({ Identifier }) => Identifier.Id === Id)
      return row === undefined ? null : badgeRef(row.Identifier)
    },
    async *all(signal) {
      for (const { Id: IdentifierType } of await client.identifierTypes(signal)) {
        const load = (start: number) => client.findTokens({ IdentifierType }, start, signal)
        for await (const rows of walk(load, ({ Identifier }) => badgeRef(Identifier)))
          yield new Map(
            rows.flatMap(({ Identifier: each }) => (each.Id === undefined ? [] : [[each.Id, badgeRef(each)]])),
          )
      }
    },
  }
}
