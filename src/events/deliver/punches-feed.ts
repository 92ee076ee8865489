/** The log of punches as a subscription may see it: who came and went, filtered, with corrections as entries of their own; nothing of doors. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import { typeOfName } from '../../connector/event-name.ts'
import type { PersonAttributes, PunchFacts } from '../../mapping/event-filter.ts'
import type { PunchKind } from '../../model/events/punch.ts'
import { localTime } from '../../model/zone.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import type { PunchContent } from '../../store/punches/punch.ts'
import { newestPunch, punchesBetween, punchesNumbered } from '../../store/punches/rows.ts'
import { attendanceLog, lastBefore, newestOf } from '../../store/subscriptions/log-positions.ts'
import { furthestPosition } from '../../store/subscriptions/positions.ts'
import type { AttendanceContext } from '../attendance/context.ts'
import { type OpenedPunch, openPunches } from '../attendance/open-punches.ts'
import { workDayOf } from '../attendance/shifts.ts'
import type { Feed, FeedPage } from './feed.ts'
import { type Candidate, type FeedOptions, openFilter } from './filtered.ts'
import { revealedOf } from './outgoing.ts'
import { pseudonymsOf } from './pseudonyms.ts'

type Facts = PunchFacts & { readonly type: string }

/** A punch that another takes back; null: nobody knows any more. */
interface TakenBack {
  readonly kind: PunchKind | null
  readonly id: string | null
}

/** Of these the first that opens tells the time. */
const openedAtOnce = 50

/** Its one source is the log of punches. */
export function punchesFeed(context: AttendanceContext, options: FeedOptions<'punches'>): Feed {
  const { vault, database, seen } = context.events
  const { pool } = database
  const { id, gateway, reveal } = options
  const pseudonym = pseudonymsOf(vault, id)
  const idOf = (identity: string) => pseudonym('punch', identity)
  const reveals = new Set(reveal)
  const filtered = openFilter(options, context.events.log)

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
    facts: Facts,
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
        ...{ type: facts.type, kind, at: time, localTime: localTime(at, zone), zone },
        day: workDayOf(at, context.shifts),
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

  function candidate(punch: OpenedPunch, taken: TakenBack | undefined): Candidate<'punches'> {
    const facts = factsOf(punch, taken)
    return {
      ...{ position: punch.n, receivedAt: writtenAt(punch), person: punch.content.person, facts },
      outgoing: (who) => outgoing(punch, facts, taken, who),
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
      const candidates = opened.map((punch) => candidate(punch, taken.get(punch.n)))
      const lost = upTo - after - opened.length - erased
      return { ...(await filtered(candidates)), upTo, erased, lost }
    },
  }
}

/** What the filter sees: one that takes another back is of the kind of that one, so that whoever was told of the one is told of both. */
function factsOf({ content: { kind, by } }: OpenedPunch, taken: TakenBack | undefined): Facts {
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
