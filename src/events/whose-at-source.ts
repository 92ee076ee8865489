/** Whose events are where people are read from the system that tells them: whose record is named, else who has the card that was shown. */
import type { AccessEvent } from '../model/events/event.ts'
import { keysOfPeople } from '../store/events/who.ts'
import { ownersOfRecords } from '../store/events/who-records.ts'
import { recordKeyDigest } from '../store/identifiers.ts'
import type { EventsContext } from './context.ts'
import { tell } from './tell.ts'
import { type Whose, whose } from './whose.ts'

/** By place in the batch, as of any other system where this one is a target. */
export async function whoseAtSource(
  context: EventsContext,
  source: string,
  events: readonly AccessEvent[],
): Promise<ReadonlyMap<number, Whose>> {
  if (context.sources.get(source)?.byRecord !== true) return whose(context, source, events)
  // Its accounts are none of a target's, whatever they are called.
  const others = await whose(
    context,
    source,
    events.map((event) => ({ ...event, account: null })),
  )
  return new Map([...others, ...(await byRecord(context, source, events))])
}

async function byRecord(
  context: EventsContext,
  source: string,
  events: readonly AccessEvent[],
): Promise<readonly (readonly [number, Whose])[]> {
  const { vault, database } = context
  const { pool } = database
  const named = [...new Set(events.flatMap(({ account }) => account ?? []))]
  const digests = named.map((key) => recordKeyDigest(vault, source, key))
  const { people, forged } = await ownersOfRecords(pool, vault, source, digests)
  const { keys, forged: forgedPeople } = await keysOfPeople(pool, vault, [...new Set(people.values())])
  for (const scope of new Set([...forged, ...forgedPeople])) await tell(pool, context, 'guard.failed', scope)
  const owners = new Map(named.map((key, i) => [key, people.get(i)]))
  return events.flatMap(({ account }, at) => {
    const person = account === null ? undefined : owners.get(account)
    const key = person === undefined ? undefined : keys.get(person)?.key
    return person === undefined || key === undefined ? [] : [[at, { person, key }] as const]
  })
}
