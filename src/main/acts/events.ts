/** Acts about events: each reading is recorded, with who read, why, and what kind of question it was. */
import { ActError } from '../../api/acts/act-error.ts'
import type { EventActs, EventQuery, EventReader, EventSourceView } from '../../api/acts/events.ts'
import { recordAudit } from '../../audit/record.ts'
import { passWall } from '../../auth/wall.ts'
import { type EventQuestion, findEvents } from '../../events/find-events.ts'
import { decodePositions, encodePositions, endOfLog, tailLog } from '../../events/tail.ts'
import { readCard } from '../../model/card.ts'
import { eventTypeLines } from '../../model/events/type-lines.ts'
import { Refusal } from '../../model/refusal.ts'
import type { EventPlace } from '../../store/events/find.ts'
import { monthsOf } from '../../store/events/months.ts'
import { newsOfSources } from '../../store/events/source-row.ts'
import { inTransaction } from '../../store/transaction.ts'
import { eventCodesOf, eventSystems } from '../event-codes.ts'
import { eventView } from '../event-views.ts'
import { findPerson } from '../person-views.ts'
import type { ActsParts } from './parts.ts'

export function eventActs({ engine, events }: ActsParts): EventActs {
  const { context } = engine
  const { pool } = context.database

  /** Before anything is shown: who can't be recorded reads nothing. */
  async function record({ actor, reason }: EventReader, details: Readonly<Record<string, unknown>>): Promise<void> {
    const way = passWall('security', actor, reason)
    await inTransaction(pool, (client) =>
      recordAudit(client, context.vault, {
        ...{ actor: actor.subject, action: 'events.read', object: '' },
        details: { ...details, way, reason },
      }),
    )
  }

  async function questionOf(query: EventQuery): Promise<EventQuestion> {
    const { person, card, door, unknownCards, from, to, ...plain } = query
    const at = door === undefined ? undefined : doorIn(door)
    for (const source of [plain.source, at?.source]) if (source !== undefined) await refuseUnheard(source)
    return {
      ...plain,
      ...(person === undefined ? {} : { person: await findPerson(context, person, false) }),
      ...(card === undefined ? {} : { card: cardIn(card) }),
      ...(at === undefined ? {} : { door: at }),
      ...(unknownCards === undefined ? {} : { strangeCards: unknownCards }),
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(to === undefined ? {} : { to: new Date(to) }),
    }
  }

  /** A slip in its name would be answered like a system where nothing happens. */
  async function refuseUnheard(source: string): Promise<void> {
    const known = new Set([...events.sources.keys(), ...(await newsOfSources(pool)).map((each) => each.source)])
    if (known.has(source)) return
    const there =
      known.size === 0 ? 'No system reports events.' : `There are events of ${[...known].sort().join(', ')}.`
    throw new ActError(400, 'events.unknown-source', there)
  }

  return {
    async findEvents(reader, query, { after, limit }) {
      passWall('security', reader.actor, reader.reason)
      const place = after === undefined ? null : placeIn(after)
      const question = await questionOf(query)
      await record(reader, { ...query, ...(question.person === undefined ? {} : { person: question.person }) })
      const { events: found, next, erased } = await findEvents(events, question, place, limit)
      return { rows: found.map(eventView), next: next === null ? null : textOf(next), erased }
    },
    async openTail(reader, after) {
      const from = after === undefined ? await endOfLog(events) : decodePositions(after)
      if (from === null) throw unknownCursor('`Last-Event-ID` is not the id of an event of this stream.')
      await record(reader, { stream: true })
      return encodePositions(from)
    },
    async tail(cursor, limit) {
      const from = decodePositions(cursor)
      if (from === null) throw unknownCursor('This is no cursor of the stream.')
      const { events: found, upTo } = await tailLog(events, from, limit)
      const at = new Map(from)
      return {
        cursor: encodePositions(upTo),
        events: found.map((event) => {
          at.set(event.source, event.position)
          return { event: eventView(event), cursor: encodePositions(at) }
        }),
      }
    },
    async eventTypes() {
      return eventTypeLines
    },
    async eventCodes(system) {
      const codes = eventCodesOf(system)
      if (codes === undefined)
        throw new ActError(404, 'events.unknown-system', `There are codes of ${eventSystems().join(', ')}.`)
      return codes
    },
    async eventSources() {
      const news = await newsOfSources(pool)
      const unheard = [...events.sources.keys()].filter((id) => news.every(({ source }) => source !== id))
      const heard = await Promise.all(
        news.map(async (each): Promise<EventSourceView> => {
          const months = await monthsOf(pool, context.vault, each.source)
          return {
            ...{ source: each.source, read: events.sources.has(each.source), events: each.position },
            ...{ heardAt: iso(each.heard_at), receivedAt: iso(each.received_at), malformed: each.malformed },
            clocks: {
              ...{ devices: each.device_skew_ms, furthest: each.furthest_skew_ms, system: each.system_skew_ms },
              measuredAt: iso(each.skew_at),
            },
            underFormerKeys: each.formerTo - each.renewedTo,
            months: months.map(({ class: of, month, events: count, forgottenAt }) => ({
              ...{ class: of, month, events: count, forgottenAt: iso(forgottenAt) },
            })),
          }
        }),
      )
      const nothing = { devices: null, furthest: null, system: null, measuredAt: null }
      return [
        ...heard,
        ...unheard.map((source) => ({
          ...{ source, read: true, events: 0, heardAt: null, receivedAt: null, malformed: 0 },
          ...{ clocks: nothing, underFormerKeys: 0, months: [] },
        })),
      ]
    },
  }
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null
}

function cardIn(text: string) {
  const card = readCard(text)
  if (card === null) throw new Refusal('card.unreadable')
  return card
}

function doorIn(text: string): NonNullable<EventQuestion['door']> {
  const [, source, id] = /^([a-z0-9-]{1,32})\/(.+)$/.exec(text) ?? []
  if (source === undefined || id === undefined) throw new Refusal('events.malformed-door')
  return { source, id }
}

const placeForm = /^(\d{1,16})\/([a-z0-9-]{1,32})\/(\d{1,15})$/

function textOf({ at, source, position }: EventPlace): string {
  return `${at.getTime()}/${source}/${position}`
}

function placeIn(text: string): EventPlace {
  const [, at, source, position] = placeForm.exec(text) ?? []
  const time = new Date(Number(at))
  if (source === undefined || Number.isNaN(time.getTime()))
    throw unknownCursor('`after` is not the `next` of a page before.')
  return { at: time, source, position: Number(position) }
}

function unknownCursor(detail: string): ActError {
  return new ActError(400, 'page.unknown-cursor', detail)
}
