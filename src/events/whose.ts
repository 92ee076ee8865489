/** Whose events are: who has the account that is named, else who has the card that was shown; for a whole batch in three queries. */
import { wireKey } from '../model/card.ts'
import type { AccessEvent } from '../model/events/event.ts'
import type { PersonId } from '../model/id.ts'
import { keysOfPeople, type Owners, ownersOfAccounts, ownersOfCards } from '../store/events/who.ts'
import { accountDigest, cardDigest } from '../store/identifiers.ts'
import type { DataKey } from '../vault/vault.ts'
import type { EventsContext } from './context.ts'
import { tell } from './tell.ts'

export interface Whose {
  readonly person: PersonId
  /** What is about them is sealed with it. */
  readonly key: DataKey
}

/** By place in the batch; nobody's are left out. Rows that somebody else wrote lead to nobody, with an alarm. */
export async function whose(
  context: EventsContext,
  source: string,
  events: readonly AccessEvent[],
): Promise<ReadonlyMap<number, Whose>> {
  const { vault, database } = context
  const { pool } = database
  const all = [...events.entries()]
  const byAccount = await lookUp(
    all,
    ({ account }) => account,
    ({ account }) => accountDigest(vault, source, account ?? ''),
    (digests) => ownersOfAccounts(pool, vault, source, digests),
  )
  const byCard = await lookUp(
    all.filter(([at, { card }]) => card !== null && !byAccount.people.has(at)),
    ({ card }) => (card === null ? null : wireKey(card)),
    ({ card }) => cardDigest(vault, card as NonNullable<typeof card>),
    (digests) => ownersOfCards(pool, vault, digests),
  )
  const people = new Map([...byAccount.people, ...byCard.people])
  const { keys, forged } = await keysOfPeople(pool, vault, [...new Set(people.values())])
  for (const scope of new Set([...byAccount.forged, ...byCard.forged, ...forged]))
    await tell(pool, context, 'guard.failed', scope)
  return new Map(
    [...people].flatMap(([at, person]) => {
      const key = keys.get(person)
      return key === undefined ? [] : [[at, { person, key }] as const]
    }),
  )
}

interface Found {
  /** By place of the event. */
  readonly people: ReadonlyMap<number, PersonId>
  readonly forged: readonly string[]
}

/** Asks once for each name, however many events have it. */
async function lookUp(
  events: readonly (readonly [number, AccessEvent])[],
  nameOf: (event: AccessEvent) => string | null,
  digestOf: (event: AccessEvent) => Buffer,
  ownersOf: (digests: readonly Buffer[]) => Promise<Owners>,
): Promise<Found> {
  const places = new Map<string, number>()
  const digests: Buffer[] = []
  const named = events.flatMap(([at, event]) => {
    const name = nameOf(event)
    if (name === null) return []
    const known = places.get(name)
    if (known !== undefined) return [[at, known] as const]
    places.set(name, digests.length)
    digests.push(digestOf(event))
    return [[at, digests.length - 1] as const]
  })
  const { people, forged } = await ownersOf(digests)
  const found = named.flatMap(([at, place]) => {
    const person = people.get(place)
    return person === undefined ? [] : [[at, person] as const]
  })
  return { people: new Map(found), forged }
}
