/** What every feed does with what it read: filters it, with no more of its person than may be told, and makes what passes into what leaves. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import { eventJson } from '../../connector/event-json.ts'
import { type EventFilter, noAttributes, type PersonAttributes } from '../../mapping/event-filter.ts'
import { type FeedName, type Reveal, revealsOfPeople } from '../../model/events/reveal.ts'
import type { PersonId } from '../../model/id.ts'
import { openTrouble } from '../../model/trouble.ts'
import type { EventsContext } from '../context.ts'
import type { FeedItem, FeedPage } from './feed.ts'
import type { ReadPeople } from './people.ts'

export interface FeedOptions<F extends FeedName> {
  /** Of the subscription. */
  readonly id: string
  /** Name of the gateway. */
  readonly gateway: string
  readonly filter: EventFilter<F>
  readonly reveal: readonly Reveal[]
  readonly people: ReadPeople
}

/** An event, or a punch, that may leave. */
export interface Candidate<F extends FeedName> {
  readonly position: number
  readonly receivedAt: Date
  readonly person: PersonId | null
  readonly facts: Parameters<EventFilter<F>['decide']>[0]
  /** As it leaves, if it passes. */
  outgoing(who: PersonAttributes): OutgoingEvent
}

const nobody: ReadonlyMap<PersonId, PersonAttributes> = new Map()

/** Of a whole page, whose people are read together; and of none where nothing of them may be told. Why the filter broke is logged, once for each cause. */
export function openFilter<F extends FeedName>(
  { id: subscription, filter, reveal, people }: FeedOptions<F>,
  log: EventsContext['log'],
): (candidates: readonly Candidate<F>[]) => Promise<Pick<FeedPage, 'items' | 'unfiltered'>> {
  const trouble = openTrouble()
  const asksForPeople = filter.asksForPerson || revealsOfPeople.some((each) => reveal.includes(each))
  return async (candidates) => {
    const ids = asksForPeople ? candidates.flatMap(({ person }) => person ?? []) : []
    const attributes = ids.length === 0 ? nobody : await people(ids)
    const items: FeedItem[] = []
    let unfiltered = 0
    for (const { position, receivedAt, person, facts, outgoing } of candidates) {
      const who = (person === null ? undefined : attributes.get(person)) ?? noAttributes
      const verdict = filter.decide(facts, who)
      if (typeof verdict === 'object') {
        unfiltered += 1
        if (trouble.failed(verdict.failed))
          log('warn', 'subscription.filter-broke', { subscription, code: verdict.failed })
      }
      if (verdict !== 'passes') continue
      const event = outgoing(who)
      items.push({ position, event, bytes: Buffer.byteLength(eventJson(event)), receivedAt })
    }
    return { items, unfiltered }
  }
}
