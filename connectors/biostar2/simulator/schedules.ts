/** Weekly schedules. Holidays and daily iterations are stored by nobody here and answered as unused. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { flag, list, record, text, whole } from './input.ts'
import type { DaySegments, Schedule } from './model.ts'
import type { Answer, Call } from './route.ts'
import { alwaysScheduleId, type World } from './world.ts'

const minutesOfDay = 1440
const segmentsMax = 5

export function listSchedules({ simulation: { world } }: Call): Answer {
  const rows = [...world.schedules.values()].map(scheduleRow)
  return { body: { ScheduleCollection: { total: rows.length, rows } } }
}

export function readSchedule({ simulation: { world }, id }: Call): Answer {
  return { body: { Schedule: scheduleRow(schedule(world, id)) } }
}

export function createSchedule({ simulation: { world }, body }: Call): Answer {
  const sent = record(record(body).Schedule)
  const name = checkedName(world, text(sent.name ?? ''), null)
  if (sent.use_daily_iteration !== undefined && flag(sent.use_daily_iteration)) throw new Refusal('30')
  const made = world.addSchedule(name, text(sent.description ?? ''), daysOf(sent.daily_schedules ?? []))
  return { body: { Schedule: { id: made.id, name } } }
}

export function updateSchedule({ simulation: { world }, id, body }: Call): Answer {
  const changed = schedule(world, id)
  if (changed.id === alwaysScheduleId) throw new Refusal('206')
  const sent = record(record(body).Schedule)
  const name = sent.name === undefined ? changed.name : checkedName(world, text(sent.name), changed.id)
  const days = sent.daily_schedules === undefined ? changed.days : daysOf(sent.daily_schedules)
  Object.assign(changed, { name, days, description: text(sent.description ?? changed.description) })
  world.rightsChanged()
  return {}
}

export function deleteSchedule({ simulation: { world }, id }: Call): Answer {
  const gone = schedule(world, id)
  if (gone.id === alwaysScheduleId) throw new Refusal('206')
  world.schedules.delete(gone.id)
  world.rightsChanged()
  return {}
}

function schedule(world: World, id: string): Schedule {
  const found = world.schedules.get(whole(id))
  if (!found) throw new Refusal('604')
  return found
}

function daysOf(sent: unknown): DaySegments[] {
  return list(sent).map((day) => {
    const fields = record(day)
    const dayIndex = whole(fields.day_index)
    const segments = list(fields.time_segments).map((segment) => {
      const { start_time, end_time } = record(segment)
      return { start: whole(start_time), end: whole(end_time) }
    })
    const outside = segments.some(({ start, end }) => start < 0 || end > minutesOfDay || start >= end)
    if (dayIndex < 0 || dayIndex > 6 || outside || segments.length > segmentsMax) throw new Refusal('30')
    return { dayIndex, segments }
  })
}

function checkedName(world: World, name: string, self: number | null): string {
  if (name === '') throw new Refusal('30')
  for (const other of world.schedules.values()) if (other.name === name && other.id !== self) throw new Refusal('652')
  return name
}

function scheduleRow({ id, name, description, days }: Schedule): Fields {
  return {
    id,
    name,
    description,
    use_daily_iteration: false,
    daily_schedules: days.map(({ dayIndex, segments }) => ({
      day_index: dayIndex,
      time_segments: segments.map(({ start, end }) => ({ start_time: start, end_time: end })),
    })),
    holiday_schedules: [],
  }
}
