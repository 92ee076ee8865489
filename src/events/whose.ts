/** Whose events are: who has the account that is named, else who has the card that was shown; for a whole batch in a few queries. */
import { wireKey } from '../model/card.ts'
import type { AccessEvent } from '../model/events/event.ts'
import type { PersonId } from '../model/id.ts'
import {
  keysOfPeople,
  type OwnerSigns,
  type Owners,
  ownersOfAccounts,
  ownersOfCards,
  signsOfOwners,
} from '../store/events/who.ts'
import { cardDigest } from '../store/identifiers.ts'
import type { DataKey, WrappedKey } from '../vault/vault.ts'
import { isRowFault } from '../vault/vault-error.ts'
import type { EventsContext } from './context.ts'
import { tell } from './tell.ts'

export interface Whose {
  readonly person: PersonId
  /** What is about them is sealed with it. */
  readonly key: DataKey
}

/** Owners of accounts whose rows were verified, by what signs these; the key stays wrapped, so that the vault alone holds and forgets it. */
export type KnownOwners = Map<string, { readonly person: PersonId; readonly row: WrappedKey }>

const knownMax = 50_000

/** By place in the batch; nobody's are left out. Rows that somebody else wrote lead to nobody, with an alarm. */
export async function whose(
  context: EventsContext,
  source: string,
  events: readonly AccessEvent[],
): Promise<ReadonlyMap<number, Whose>> {
  const { database, filing } = context
  const byAccount = named([...events.entries()], ({ account }) => account)
  const digests = byAccount.names.map((account) => filing.account(source, account))
  const signs = new Map((await signsOfOwners(database.pool, source, digests)).map((row) => [row.i, row]))
  const found = new Map<number, Whose>()
  const other: (readonly [number, AccessEvent])[] = []
  for (const [at, event] of events.entries()) {
    const known = knownOwner(context, signs.get(byAccount.places.get(at) ?? -1))
    if (known !== null) found.set(at, known)
    else if (event.account !== null || event.card !== null) other.push([at, event])
  }
  for (const [at, one] of await verified(context, source, other, signs, byAccount)) found.set(at, one)
  return found
}

function nameOf({ account_guard, person_guard, epoch }: OwnerSigns): string {
  return `${account_guard.toString('latin1')}${person_guard.toString('latin1')}${epoch}`
}

function knownOwner({ vault, owners }: EventsContext, signs: OwnerSigns | undefined): Whose | null {
  const known = signs === undefined ? undefined : owners.get(nameOf(signs))
  if (known === undefined) return null
  try {
    return { person: known.person, key: vault.unwrap(known.row) }
  } catch (error) {
    if (!isRowFault(error)) throw error
    return null
  }
}

/** From the rows themselves, each verified. */
async function verified(
  context: EventsContext,
  source: string,
  events: readonly (readonly [number, AccessEvent])[],
  signs: ReadonlyMap<number, OwnerSigns>,
  placed: Named,
): Promise<readonly (readonly [number, Whose])[]> {
  if (events.length === 0) return []
  const { vault, database, filing, owners } = context
  const { pool } = database
  const byAccount = await lookUp(
    named(events, ({ account }) => account),
    (names) =>
      ownersOfAccounts(
        pool,
        vault,
        source,
        names.map((account) => filing.account(source, account)),
      ),
  )
  const cards = new Map(events.flatMap(([, { card }]) => (card === null ? [] : [[wireKey(card), card] as const])))
  const byCard = await lookUp(
    named(
      events.filter(([at]) => !byAccount.people.has(at)),
      ({ card }) => (card === null ? null : wireKey(card)),
    ),
    (names) =>
      ownersOfCards(
        pool,
        vault,
        names.flatMap((name) => {
          const card = cards.get(name)
          return card === undefined ? [] : [cardDigest(vault, card)]
        }),
      ),
  )
  const people = new Map([...byAccount.people, ...byCard.people])
  const { keys, forged } = await keysOfPeople(pool, vault, [...new Set(people.values())])
  for (const scope of new Set([...byAccount.forged, ...byCard.forged, ...forged]))
    await tell(pool, context, 'guard.failed', scope)
  if (owners.size > knownMax) owners.clear()
  return [...people].flatMap(([at, person]) => {
    const found = keys.get(person)
    if (found === undefined) return []
    const sign = signs.get(placed.places.get(at) ?? -1)
    const account = byAccount.guards.get(at)
    // Remembered only as what was verified just now.
    if (sign !== undefined && account?.equals(sign.account_guard) && found.guard.equals(sign.person_guard))
      if (found.row.epoch === sign.epoch) owners.set(nameOf(sign), { person, row: found.row })
    return [[at, { person, key: found.key }] as const]
  })
}

/** Each name once, however many events have it. */
interface Named {
  readonly names: readonly string[]
  /** By place of the event, that of its name. */
  readonly places: ReadonlyMap<number, number>
}

function named(
  events: readonly (readonly [number, AccessEvent])[],
  nameOf: (event: AccessEvent) => string | null,
): Named {
  const known = new Map<string, number>()
  const places = new Map<number, number>()
  for (const [at, event] of events) {
    const name = nameOf(event)
    if (name === null) continue
    const place = known.get(name) ?? known.size
    known.set(name, place)
    places.set(at, place)
  }
  return { names: [...known.keys()], places }
}

/** By place of the event. */
async function lookUp(
  { names, places }: Named,
  ownersOf: (names: readonly string[]) => Promise<Owners>,
): Promise<Owners> {
  const { people, guards, forged } = await ownersOf(names)
  const byEvent = <T>(of: ReadonlyMap<number, T>): ReadonlyMap<number, T> =>
    new Map(
      [...places].flatMap(([at, place]) => {
        const one = of.get(place)
        return one === undefined ? [] : [[at, one] as const]
      }),
    )
  return { people: byEvent(people), guards: byEvent(guards), forged }
}
