/** The log of events as a subscription may see it: filtered, and each event made into what may leave. */
import { eventJson } from '../../connector/event-json.ts'
import { type EventFilter, noAttributes, type PersonAttributes } from '../../mapping/event-filter.ts'
import { type Reveal, revealsOfPeople } from '../../model/events/reveal.ts'
import type { PersonId } from '../../model/id.ts'
import { newestPositions, positionBefore } from '../../store/subscriptions/log-positions.ts'
import type { EventsContext } from '../context.ts'
import type { LoggedEvent } from '../logged-event.ts'
import { readLogged } from '../read-logged.ts'
import type { Feed, FeedItem } from './feed.ts'
import { factsOf, outgoingEvent, type Shape } from './outgoing.ts'
import type { ReadPeople } from './people.ts'
import { pseudonymsOf } from './pseudonyms.ts'

export interface EventsFeedOptions {
  /** Of the subscription. */
  readonly id: string
  /** Name of the gateway. */
  readonly gateway: string
  readonly filter: EventFilter
  readonly reveal: readonly Reveal[]
  readonly people: ReadPeople
}

export function eventsFeed(context: EventsContext, { id, gateway, filter, reveal, people }: EventsFeedOptions): Feed {
  const { vault, database } = context
  const { pool } = database
  const shape: Shape = { gateway, reveals: new Set(reveal), pseudonym: pseudonymsOf(vault, id) }
  const asksForPeople = filter.asksForPerson || revealsOfPeople.some((each) => reveal.includes(each))

  async function attributesOf(events: readonly LoggedEvent[]): Promise<ReadonlyMap<PersonId, PersonAttributes>> {
    const ids = asksForPeople ? events.flatMap(({ person }) => (person === null ? [] : [person])) : []
    return ids.length === 0 ? new Map() : people(ids)
  }

  return {
    name: 'events',
    newest: () => newestPositions(pool, vault),
    async positionBefore(source, time) {
      return positionBefore(pool, source, time, (await newestPositions(pool, vault)).get(source) ?? 0)
    },
    async read(source, after, limit) {
      const page = await readLogged(context, source, after, limit, { reader: id })
      const attributes = await attributesOf(page.events)
      const items: FeedItem[] = []
      let unfiltered = 0
      for (const logged of page.events) {
        const who = (logged.person === null ? undefined : attributes.get(logged.person)) ?? noAttributes
        const verdict = filter.decide(factsOf(logged), who)
        if (typeof verdict === 'object') unfiltered += 1
        if (verdict !== 'passes') continue
        const event = outgoingEvent(logged, who, shape)
        const bytes = Buffer.byteLength(eventJson(event))
        items.push({ position: logged.position, event, bytes, receivedAt: logged.receivedAt })
      }
      const lost = page.missing.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      return { items, upTo: page.upTo, erased: page.erased, unfiltered, lost }
    },
  }
}
