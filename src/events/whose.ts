/** Whose events are: who has the account that is named, else who has the card that was shown; for a whole batch in a few queries. */
import { wireKey } from '../model/card.ts'
import type { AccessEvent } from '../model/events/event.ts'
import type { PersonId } from '../model/id.ts'
import {
  changedOwners,
  type KnownOwner,
  keyOf,
  keysOfPeople,
  type Owners,
  ownersOfAccounts,
  ownersOfCards,
} from '../store/events/who.ts'
import { cardDigest } from '../store/identifiers.ts'
import type { DataKey, WrappedKey } from '../vault/vault.ts'
import type { EventsContext } from './context.ts'
import { tell } from './tell.ts'

export interface Whose {
  readonly person: PersonId
  /** What is about them is sealed with it. */
  readonly key: DataKey
}

/** Owners of accounts whose rows were verified, by what the account is found by; the key stays wrapped, so that the vault alone holds and forgets it. */
export type KnownOwners = Map<string, KnownOwner & { readonly person: PersonId; readonly row: WrappedKey }>

const knownMax = 50_000

/** By place in the batch; nobody's are left out. Rows that somebody else wrote lead to nobody, with an alarm. */
export async function whose(
  context: EventsContext,
  source: string,
  events: readonly AccessEvent[],
): Promise<ReadonlyMap<number, Whose>> {
  const byAccount = named([...events.entries()], ({ account }) => account)
  const known = await knownOwners(context, source, byAccount.names)
  const found = new Map<number, Whose>()
  const other: (readonly [number, AccessEvent])[] = []
  for (const [at, event] of events.entries()) {
    const owner = known[byAccount.places.get(at) ?? -1] ?? null
    if (owner !== null) found.set(at, owner)
    else if (event.account !== null || event.card !== null) other.push([at, event])
  }
  for (const [at, one] of await verified(context, source, other)) found.set(at, one)
  return found
}

/** Those of these accounts whose rows were verified before and are as they were, by place of the account; null: not known, or not so any more. */
async function knownOwners(
  { database, vault, filing, owners }: EventsContext,
  source: string,
  accounts: readonly string[],
): Promise<readonly (Whose | null)[]> {
  const remembered = accounts.map((account) => owners.get(ownerName(source, filing.account(source, account))))
  const asked = remembered.flatMap((owner) => owner ?? [])
  const changed = await changedOwners(database.pool, source, asked)
  const same = new Set(asked.filter((_, i) => !changed.has(i)))
  return remembered.map((owner) => {
    if (owner === undefined || !same.has(owner)) return null
    const key = keyOf(vault, owner.row)
    return key === null ? null : { person: owner.person, key }
  })
}

function ownerName(source: string, digest: Buffer): string {
  return `${source} ${digest.toString('latin1')}`
}

/** From the rows themselves, each verified. */
async function verified(
  context: EventsContext,
  source: string,
  events: readonly (readonly [number, AccessEvent])[],
): Promise<ReadonlyMap<number, Whose>> {
  if (events.length === 0) return new Map()
  const { vault, database, filing, owners } = context
  const { pool } = database
  const digestOf = (account: string): Buffer => filing.account(source, account)
  const byAccount = await lookUp(
    named(events, ({ account }) => account),
    (names) => ownersOfAccounts(pool, vault, source, names.map(digestOf)),
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
  const found = new Map<number, Whose>()
  for (const [at, { account }] of events) {
    const person = people.get(at)
    const theirs = person === undefined ? undefined : keys.get(person)
    if (person === undefined || theirs === undefined) continue
    found.set(at, { person, key: theirs.key })
    const accountGuard = byAccount.guards.get(at)
    if (account === null || accountGuard === undefined) continue
    const { guard: personGuard, row } = theirs
    const digest = digestOf(account)
    owners.set(ownerName(source, digest), { digest, accountGuard, personGuard, epoch: row.epoch, person, row })
  }
  return found
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
