/** The log of punches as a subscription may see it: who came and went, filtered, with corrections as entries of their own; nothing of doors. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import { eventJson } from '../../connector/event-json.ts'
import { type EventFilter, noAttributes, type PersonAttributes, type PunchFacts } from '../../mapping/event-filter.ts'
import type { PunchKind } from '../../model/events/punch.ts'
import { type Reveal, revealsOfPeople } from '../../model/events/reveal.ts'
import type { PersonId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { newestPunch, punchesBetween, punchesNumbered } from '../../store/punches/rows.ts'
import { attendanceLog, lastBefore, newestOf } from '../../store/subscriptions/log-positions.ts'
import type { AttendanceContext } from '../attendance/context.ts'
import { localTime } from '../attendance/export.ts'
import { type OpenedPunch, openPunches } from '../attendance/read-punches.ts'
import type { Feed, FeedItem, FeedPage } from './feed.ts'
import { revealedOf } from './outgoing.ts'
import type { ReadPeople } from './people.ts'
import { pseudonymsOf } from './pseudonyms.ts'

export interface PunchesFeedOptions {
  /** Of the subscription. */
  readonly id: string
  /** Name of the gateway. */
  readonly gateway: string
  readonly filter: EventFilter<'punches'>
  readonly reveal: readonly Reveal[]
  readonly people: ReadPeople
}

const nobody: ReadonlyMap<PersonId, PersonAttributes> = new Map()

/** Of these the first that opens tells the time. */
const openedAtOnce = 50

export function punchesFeed(
  context: AttendanceContext,
  { id, gateway, filter, reveal, people }: PunchesFeedOptions,
): Feed {
  const { vault, database } = context.events
  const { pool } = database
  const pseudonym = pseudonymsOf(vault, id)
  const reveals = new Set(reveal)
  const asksForPeople = filter.asksForPerson || revealsOfPeople.some((each) => reveals.has(each))

  const nothing = (upTo: number): FeedPage => ({ items: [], upTo, erased: 0, unfiltered: 0, lost: 0 })

  /** What each of those was that one of these takes back. */
  async function kindsTakenBack(punches: readonly OpenedPunch[]): Promise<ReadonlyMap<number, PunchKind | null>> {
    const numbers = punches.flatMap(({ content: { voids } }) => voids ?? [])
    const { opened } = await openPunches(context, await punchesNumbered(pool, numbers))
    return new Map(opened.map(({ n, content: { kind } }) => [n, kind]))
  }

  function outgoing({ n, day, content }: OpenedPunch, facts: PunchFacts, who: PersonAttributes): OutgoingEvent {
    const { zone } = context.shifts
    const { person, at, kind, voids, by, written = by?.at } = content
    const time = new Date(at).toISOString()
    return {
      ...{ specversion: '1.0', id: pseudonym('punch', String(n)), source: `/gatehouse/${gateway}/${attendanceLog}` },
      ...{ type: `org.gatehouse.${facts.type}.v1`, time, datacontenttype: 'application/json', sequence: String(n) },
      data: {
        ...{ type: facts.type, kind, at: time, localTime: localTime(at, zone), zone, day },
        recordedAt: written === undefined ? null : new Date(written).toISOString(),
        person: { id: pseudonym('worker', person), ...revealedOf(who, reveals) },
        correction: facts.correction,
        voids:
          voids === null ? null : { id: pseudonym('punch', String(voids)), sequence: String(voids), kind: facts.kind },
      },
    }
  }

  return {
    newest: () => newestOf(pool, vault, 'punches'),
    async positionBefore(source, time) {
      const newest = (await newestOf(pool, vault, 'punches')).get(source) ?? 0
      return lastBefore(newest, time, async (first, to) => {
        for (let from = first; from <= to; ) {
          const rows = await punchesBetween(pool, { from, to, limit: openedAtOnce })
          const [punch] = (await openPunches(context, rows)).opened
          if (punch !== undefined) return { position: punch.n, at: writtenAt(punch) }
          // Those of whoever was erased say nothing; the next one does.
          if (rows.length < openedAtOnce) return null
          from = Number(rows.at(-1)?.n) + 1
        }
        return null
      })
    },
    async read(source, after, limit) {
      const newest = source === attendanceLog ? await newestPunch(pool, vault) : null
      if (newest?.genuine === false) await raiseAlarm(pool, vault, 'guard.failed', 'punch_log')
      if (newest === null || !newest.genuine || newest.n <= after) return nothing(after)
      const rows = await punchesBetween(pool, { from: after + 1, to: newest.n, limit })
      const upTo = rows.length < limit ? newest.n : Number(rows.at(-1)?.n)
      const { opened, erased } = await openPunches(context, rows)
      const kinds = await kindsTakenBack(opened)
      const ids = asksForPeople ? opened.map(({ content: { person } }) => person) : []
      const attributes = ids.length === 0 ? nobody : await people(ids)
      const items: FeedItem[] = []
      let unfiltered = 0
      for (const punch of opened) {
        const facts = factsOf(punch, kinds)
        const who = attributes.get(punch.content.person) ?? noAttributes
        const verdict = filter.decide(facts, who)
        if (typeof verdict === 'object') unfiltered += 1
        if (verdict !== 'passes') continue
        const event = outgoing(punch, facts, who)
        const bytes = Buffer.byteLength(eventJson(event))
        items.push({ position: punch.n, event, bytes, receivedAt: writtenAt(punch) })
      }
      return { items, upTo, erased, unfiltered, lost: upTo - after - opened.length - erased }
    },
  }
}

/** What the filter sees: one that takes another back is of the kind of that one, so that whoever was told of the one is told of both. */
function factsOf(
  { content: { kind, voids, by } }: OpenedPunch,
  takenBack: ReadonlyMap<number, PunchKind | null>,
): PunchFacts & { readonly type: string } {
  return {
    type: kind === null ? 'punch.voided' : `punch.${kind}`,
    kind: kind ?? takenBack.get(voids ?? 0) ?? null,
    correction: by !== null,
  }
}

/** Of what was written before that was noted: when it was corrected, or happened. */
function writtenAt({ content: { written, by, at } }: OpenedPunch): Date {
  return new Date(written ?? by?.at ?? at)
}
