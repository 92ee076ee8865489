/** The log of events as a subscription may see it: filtered, and each event made into what may leave. */
import { newestPositions, positionBefore } from '../../store/subscriptions/log-positions.ts'
import type { EventsContext } from '../context.ts'
import type { LoggedEvent } from '../logged-event.ts'
import { readLogged } from '../read-logged.ts'
import type { Feed } from './feed.ts'
import { type Candidate, type FeedOptions, openFilter } from './filtered.ts'
import { factsOf, outgoingEvent, type Shape } from './outgoing.ts'
import { pseudonymsOf } from './pseudonyms.ts'

/** Its sources are those of the log. */
export function eventsFeed(context: EventsContext, options: FeedOptions<'events'>): Feed {
  const { vault, database } = context
  const { pool } = database
  const { id, gateway, reveal } = options
  const shape: Shape = { gateway, reveals: new Set(reveal), pseudonym: pseudonymsOf(vault, id) }
  // Whatever a subscription is called: the guard reads along as well.
  const reader = `subscription ${id}`
  const filtered = openFilter(options, context.log)

  function candidate(logged: LoggedEvent): Candidate<'events'> {
    const { position, receivedAt, person } = logged
    const outgoing: Candidate<'events'>['outgoing'] = (who) => outgoingEvent(logged, who, shape)
    return { position, receivedAt, person, facts: factsOf(logged), outgoing }
  }

  return {
    name: 'events',
    newest: () => newestPositions(pool, vault),
    async positionBefore(source, time) {
      return positionBefore(pool, source, time, (await newestPositions(pool, vault)).get(source) ?? 0)
    },
    async read(source, after, limit) {
      const { events, upTo, erased, missing } = await readLogged(context, source, after, limit, { reader })
      const lost = missing.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      return { ...(await filtered(events.map(candidate))), upTo, erased, lost }
    },
  }
}
