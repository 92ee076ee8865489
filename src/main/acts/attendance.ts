/** Acts about time and attendance. */
import type { AttendanceActs, AttendanceQuery } from '../../api/acts/attendance.ts'
import type { Actor } from '../../auth/actor.ts'
import { subjectNames } from '../../auth/subjects.ts'
import { passWall } from '../../auth/wall.ts'
import { addPunch, voidPunch } from '../../events/attendance/correct.ts'
import { exportShifts } from '../../events/attendance/export.ts'
import { daysBetween, readPunches, readShifts } from '../../events/attendance/read-punches.ts'
import { recordReading } from '../../events/attendance/record-reading.ts'
import { readCard } from '../../model/card.ts'
import type { PersonId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { localTime } from '../../model/zone.ts'
import { findPerson } from '../person-views.ts'
import type { ActsParts } from './parts.ts'

export function attendanceActs({ engine, attendance }: ActsParts): AttendanceActs {
  const { zone } = attendance.shifts
  const { database, vault } = engine.context
  const shown = (at: number | null) => (at === null ? null : localTime(at, zone))

  /** By number or id alone: whoever reads times of work is not to learn whose a card is. */
  async function personOf(by: string): Promise<PersonId> {
    if (readCard(by) !== null) throw new Refusal('attendance.by-card')
    return findPerson(engine.context, by, true)
  }

  async function asked(actor: Actor, query: AttendanceQuery, what: string): Promise<PersonId> {
    daysOf(query)
    const way = passWall('attendance', actor, query.reason)
    const person = await personOf(query.by)
    const { from, to, reason } = query
    await recordReading(attendance, actor.subject, person, { what, from, to, way, reason })
    return person
  }

  return {
    async punches(actor, query) {
      const person = await asked(actor, query, 'punches')
      const punches = (await readPunches(attendance, [person], daysOf(query))).get(person) ?? []
      const named = punches.flatMap(({ by, voidedBy }) => [by, voidedBy].flatMap((each) => each?.subject ?? []))
      const names = await subjectNames(database.db, vault, named)
      return punches.map(({ n, at, kind, by, voidedBy }) => ({
        n,
        at: localTime(at, zone),
        punch: kind,
        ...{ addedBy: by?.subject ?? null, addedByName: nameIn(names, by?.subject) },
        addedBecause: by?.reason ?? null,
        ...{ voidedBy: voidedBy?.subject ?? null, voidedByName: nameIn(names, voidedBy?.subject) },
        voidedBecause: voidedBy?.reason ?? null,
      }))
    },
    async shifts(actor, query) {
      const person = await asked(actor, query, 'shifts')
      const shifts = (await readShifts(attendance, [person], query.from, query.to)).get(person) ?? []
      return shifts.map(({ day, first, last, presentMs, insideMs, breakMs, unpaired }) => ({
        ...{ day, firstIn: shown(first), lastOut: shown(last) },
        presentMinutes: presentMs === null ? null : minutes(presentMs),
        ...{ insideMinutes: minutes(insideMs), breakMinutes: minutes(breakMs), unpaired },
      }))
    },
    async addPunch(actor, { by, punch, at, reason }) {
      const person = await personOf(by)
      return addPunch(attendance, actor.subject, person, { kind: punch, at: new Date(at), reason })
    },
    voidPunch: (actor, n, reason) => voidPunch(attendance, actor.subject, n, reason),
    async exportShifts(actor, { from, to, reason, format }) {
      daysOf({ from, to })
      const way = passWall('attendance', actor, reason)
      await recordReading(attendance, actor.subject, null, { what: 'export', from, to, format, way, reason })
      return exportShifts(attendance, { from, to, format })
    },
  }
}

function daysOf({ from, to }: Pick<AttendanceQuery, 'from' | 'to'>): readonly string[] {
  try {
    return daysBetween(from, to)
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('attendance.days')
    throw error
  }
}

function nameIn(names: ReadonlyMap<string, string>, id: string | undefined): string | null {
  return id === undefined ? null : (names.get(id) ?? null)
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000)
}
