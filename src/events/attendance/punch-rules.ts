/** Which events are punches: the first rule that fits an event says what it counts as, and what no rule fits is none. */
import type { AccessEvent } from '../../model/events/event.ts'
import type { PunchKind } from '../../model/events/punch.ts'

export interface PunchRule {
  readonly punch: PunchKind
  /** All that is given must hold. */
  readonly target?: string | undefined
  /** Ids or names of doors. */
  readonly doors?: readonly string[] | undefined
  readonly direction?: 'in' | 'out' | undefined
  readonly key?: AccessEvent['deviceKey'] | undefined
}

/** Only who was let in, or went through, was there; whoever opened under duress was, too. */
const letThrough: ReadonlySet<AccessEvent['type']> = new Set<AccessEvent['type']>([
  'access.granted',
  'access.taken',
  'alarm.duress',
  'attendance.in',
  'attendance.out',
  'attendance.break_out',
  'attendance.break_in',
  'attendance.overtime_in',
  'attendance.overtime_out',
])

/** `target`: the source of the event. Null: it is no punch. */
export function punchOf(rules: readonly PunchRule[], target: string, event: AccessEvent): PunchKind | null {
  if (!letThrough.has(event.type) || isMereAlarm(event)) return null
  return rules.find((rule) => fits(rule, target, event))?.punch ?? null
}

/** A silent alarm of which nobody says that a door opened. */
function isMereAlarm({ type, verify, direction }: AccessEvent): boolean {
  return type === 'alarm.duress' && verify.length === 0 && direction === null
}

function fits({ target, doors, direction, key }: PunchRule, from: string, event: AccessEvent): boolean {
  if (target !== undefined && target !== from) return false
  if (direction !== undefined && direction !== event.direction) return false
  if (key !== undefined && key !== event.deviceKey) return false
  return doors === undefined || isAmong(doors, event.door)
}

function isAmong(doors: readonly string[], door: AccessEvent['door']): boolean {
  return door !== null && (doors.includes(door.id) || (door.name !== null && doors.includes(door.name)))
}
