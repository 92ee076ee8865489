/** Holds a badge to the reader of an entrance: the controller decides, and the event log tells of it. */
import { decide, reasons } from './access.ts'
import { type BadgeSpec, badgeOf, rowIdOf } from './find-names.ts'
import type { Simulation } from './simulation.ts'

export interface Swipe {
  badge: BadgeSpec
  /** Name or id of an entrance. */
  entrance: string | number
  /** `in` if absent. */
  direction?: 'unknown' | 'in' | 'out'
  /** How long ago it happened by the controller's clock, in ms: a controller that was offline tells late. */
  agoMs?: number
  /** So much later the event can be found, though it has its id at once, in ms: nothing says that ids come in their order. */
  shownAfterMs?: number
}

export interface SwipeResult {
  granted: boolean
  reason: number
  attribute: string | null
  /** null when the carrier is invisible: nothing is logged then. */
  eventId: number | null
}

const directions = { unknown: 0, in: 1, out: 2 } as const
const accessEvent = 5
const noAccessEvent = 40

export function swipe(
  simulation: Simulation,
  { badge, entrance, direction = 'in', agoMs = 0, shownAfterMs = 0 }: Swipe,
): SwipeResult {
  const { world, clock, quirks } = simulation
  const entranceId = rowIdOf(simulation, 'Entrance', entrance)
  const { type, number } = badgeOf(simulation, badge)
  const token = world.token(type, number)
  const decision = decide(simulation, token, entranceId)
  const carrier = token?.carrier ?? null
  if (carrier !== null && world.carriers.get(carrier)?.states.invisible) return { ...decision, eventId: null }
  const way = directions[direction]
  const id = world.next('event')
  world.events.push({
    id,
    typeId: decision.granted ? accessEvent : noAccessEvent,
    at: clock.now() - agoMs,
    heardAt: clock.now(),
    shownAt: clock.now() + shownAfterMs,
    entrance: entranceId,
    token: token?.id ?? null,
    badge: number,
    carrier,
    intValue: decision.granted ? way : way + decision.reason * 256,
    attribute: decision.reason === reasons.noAuthorisation ? decision.attribute : null,
  })
  if (world.events.length > quirks.eventsKept) world.events.splice(0, world.events.length - quirks.eventsKept)
  return { ...decision, eventId: id }
}
