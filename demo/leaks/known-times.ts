/** When people who are known were at a door, and when payroll says that they came: Gatehouse tells it to whoever may ask, and nobody else. */
import type { PunchView } from '../../src/api/acts/attendance.ts'
import type { EventView } from '../../src/api/acts/events.ts'
import type { House } from '../house.ts'
import { dateIn } from '../site.ts'
import type { Sought } from './forms.ts'

const reason = 'what a thief must not find'

/** Of each of these people, given by employee number, one of both. @throws RangeError when somebody has none. */
export async function knownTimes(
  { call }: House,
  people: readonly { readonly personId: string; readonly number: string }[],
): Promise<readonly Sought[]> {
  const now = new Date()
  const [from, to] = [-1, 1].map((days) => dateIn('Europe/Berlin', new Date(now.getTime() + days * 86_400_000)))
  const known: Sought[] = []
  for (const { personId, number } of people) {
    const asked = { person: number, type: 'access.granted', limit: 1, reason }
    const [event] = (await call<{ rows: EventView[] }>('/v1/events/find', asked)).rows
    const wanted = { by: number, from, to, reason }
    const [punch] = (await call<{ rows: PunchView[] }>('/v1/attendance/punches/list', wanted)).rows
    if (event === undefined || punch === undefined) throw new RangeError('somebody who works here was at no door')
    known.push({ kind: 'movement', personId, value: event.at }, { kind: 'punch', personId, value: punch.at })
  }
  return known
}
