/** The log of punches as a subscription may see it: who came and went, filtered, with corrections as entries of their own; nothing of doors. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import { eventJson } from '../../connector/event-json.ts'
import { typeOfName } from '../../connector/event-name.ts'
import { type EventFilter, noAttributes, type PersonAttributes, type PunchFacts } from '../../mapping/event-filter.ts'
import type { PunchKind } from '../../model/events/punch.ts'
import { type Reveal, revealsOfPeople } from '../../model/events/reveal.ts'
import type { PersonId } from '../../model/id.ts'
import { localTime } from '../../model/zone.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import type { PunchContent } from '../../store/punches/punch.ts'
import { newestPunch, punchesBetween, punchesNumbered } from '../../store/punches/rows.ts'
import { attendanceLog, lastBefore, newestOf } from '../../store/subscriptions/log-positions.ts'
import { furthestPosition } from '../../store/subscriptions/positions.ts'
import type { AttendanceContext } from '../attendance/context.ts'
import { type OpenedPunch, openPunches } from '../attendance/open-punches.ts'
import { workDayOf } from '../attendance/shifts.ts'
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

/** A punch that another takes back; null: nobody knows any more. */
interface TakenBack {
  readonly kind: PunchKind | null
  readonly id: string | null
}

const nobody: ReadonlyMap<PersonId, PersonAttributes> = new Map()

/** Of these the first that opens tells the time. */
const openedAtOnce = 50

export function punchesFeed(
  context: AttendanceContext,
  { id, gateway, filter, reveal, people }: PunchesFeedOptions,
): Feed {
  const { vault, database, seen } = context.events
  const { pool } = database
  const pseudonym = pseudonymsOf(vault, id)
  const idOf = (identity: string) => pseudonym('punch', identity)
  const reveals = new Set(reveal)
  const asksForPeople = filter.asksForPerson || revealsOfPeople.some((each) => reveals.has(each))

  const nothing = (upTo: number): FeedPage => ({ items: [], upTo, erased: 0, unfiltered: 0, lost: 0 })

  /** By the number of each of these that takes another back: what that one was. */
  async function takenBack(punches: readonly OpenedPunch[]): Promise<ReadonlyMap<number, TakenBack>> {
    // Of the others their own seal says it, whatever became of the one taken back.
    const older = punches.flatMap(({ content: { voids, takes } }) => (takes?.id == null ? (voids ?? []) : []))
    const { opened } = await openPunches(context, await punchesNumbered(pool, older))
    const found = new Map(opened.map((punch) => [punch.n, { kind: punch.content.kind, id: identityOf(punch) }]))
    return new Map(
      punches.flatMap(({ n, content: { voids, takes } }) =>
        voids === null ? [] : [[n, whatItWas(takes, found.get(voids))] as const],
      ),
    )
  }

  function outgoing(
    punch: OpenedPunch,
    facts: PunchFacts,
    taken: TakenBack | undefined,
    who: PersonAttributes,
  ): OutgoingEvent {
    const { n, content } = punch
    const { zone } = context.shifts
    const { person, at, kind, voids, by, written = by?.at } = content
    const time = new Date(at).toISOString()
    return {
      ...{ specversion: '1.0', id: idOf(identityOf(punch)), source: `/gatehouse/${gateway}/${attendanceLog}` },
      ...{ type: typeOfName(facts.type), time, datacontenttype: 'application/json', sequence: String(n) },
      data: {
        ...{
          type: facts.type,
          kind,
          at: time,
          localTime: localTime(at, zone),
          zone,
          day: workDayOf(at, context.shifts),
        },
        recordedAt: written === undefined ? null : new Date(written).toISOString(),
        person: { id: pseudonym('worker', person), ...revealedOf(who, reveals) },
        correction: facts.correction,
        voids:
          taken === undefined
            ? null
            : { id: taken.id === null ? null : idOf(taken.id), sequence: String(voids), kind: taken.kind },
      },
    }
  }

  return {
    name: 'punches',
    async newest() {
      const newest = await newestOf(pool, vault, 'punches')
      const told = newest.size === 0 ? 0 : await furthestPosition(pool, vault, attendanceLog)
      // What comes has a number above all that was told, also where the log was set back: nobody who was told goes back to meet it.
      return new Map([...newest].map(([source, n]) => [source, Math.max(n, told)]))
    },
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
      if (newest === null || !newest.genuine) return nothing(after)
      // An older row was put back: the next punch goes on above all that was told.
      if (newest.n < Math.max(after, seen.get(source) ?? 0)) await raiseAlarm(pool, vault, 'guard.failed', 'punch_log')
      if (newest.n <= after) return nothing(after)
      const rows = await punchesBetween(pool, { from: after + 1, to: newest.n, limit })
      const upTo = rows.length < limit ? newest.n : Number(rows.at(-1)?.n)
      const { opened, erased } = await openPunches(context, rows)
      const taken = await takenBack(opened)
      const ids = asksForPeople ? opened.map(({ content: { person } }) => person) : []
      const attributes = ids.length === 0 ? nobody : await people(ids)
      const items: FeedItem[] = []
      let unfiltered = 0
      for (const punch of opened) {
        const facts = factsOf(punch, taken.get(punch.n))
        const who = attributes.get(punch.content.person) ?? noAttributes
        const verdict = filter.decide(facts, who)
        if (typeof verdict === 'object') unfiltered += 1
        if (verdict !== 'passes') continue
        const event = outgoing(punch, facts, taken.get(punch.n), who)
        const bytes = Buffer.byteLength(eventJson(event))
        items.push({ position: punch.n, event, bytes, receivedAt: writtenAt(punch) })
      }
      return { items, upTo, erased, unfiltered, lost: upTo - after - opened.length - erased }
    },
  }
}

/** What the filter sees: one that takes another back is of the kind of that one, so that whoever was told of the one is told of both. */
function factsOf(
  { content: { kind, by } }: OpenedPunch,
  taken: TakenBack | undefined,
): PunchFacts & { readonly type: string } {
  return {
    type: kind === null ? 'punch.voided' : `punch.${kind}`,
    kind: kind ?? taken?.kind ?? null,
    correction: by !== null,
  }
}

/** Of what was written before it was noted: number and time, which do not come again together. */
function identityOf(punch: OpenedPunch): string {
  return punch.content.id ?? `${punch.n} ${writtenAt(punch).getTime()}`
}

/** What its own seal says, and else what is there of the punch itself. */
function whatItWas(takes: PunchContent['takes'], found: TakenBack | undefined): TakenBack {
  return { kind: takes?.kind ?? found?.kind ?? null, id: takes?.id ?? found?.id ?? null }
}

/** Of what was written before that was noted: when it was corrected, or happened. */
function writtenAt({ content: { written, by, at } }: OpenedPunch): Date {
  return new Date(written ?? by?.at ?? at)
}
