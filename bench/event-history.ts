/** What happened at a site within a year, drawn once and for all: events of each class for as long as they are kept by default, the last yesterday. */
import { seededRandom } from '../connectors/simulator-parts/random.ts'
import type { EventClass, EventType } from '../src/model/events/types.ts'

export const dayMs = 86_400_000
export const people = 5_000
/** Number 0 is the busiest; the last one is hardly ever used. */
export const doors = 201

/** Of an event of access there are so many others a day; and for how many days they are kept. */
const kinds = {
  access: { rate: 1, days: 90 },
  door: { rate: 2, days: 30 },
  alarm: { rate: 0.01, days: 365 },
  credential: { rate: 0.01, days: 365 },
  system: { rate: 0.05, days: 30 },
} as const satisfies Readonly<Record<EventClass, { readonly rate: number; readonly days: number }>>
const classes = Object.keys(kinds) as EventClass[]

/** The newest ones are whatever is left over of all. */
const types: Readonly<Record<EventClass, readonly (readonly [share: number, type: EventType])[]>> = {
  access: [
    [0.06, 'access.denied.no_permission'],
    [0.03, 'access.denied.unknown_credential'],
    [0.015, 'access.denied.expired'],
    [0.015, 'access.denied.schedule'],
    [1, 'access.granted'],
  ],
  door: [
    [0.33, 'door.unlocked'],
    [0.33, 'door.opened'],
    [1, 'door.closed'],
  ],
  alarm: [
    [0.0001, 'alarm.duress'],
    [0.2, 'alarm.door_forced'],
    [0.15, 'alarm.tamper'],
    [1, 'alarm.door_held'],
  ],
  credential: [
    [0.3, 'credential.removed'],
    [1, 'credential.enrolled'],
  ],
  system: [
    [0.5, 'operator.logged_in'],
    [1, 'system.communication_lost'],
  ],
}
const share = { late: 0.005, seldomDoor: 0.00001, ownCard: 0.5 }
const lateMostMs = 6 * 3_600_000

/** An event before it is sealed: people, cards and doors by number. */
export interface Drawn {
  readonly position: number
  readonly class: EventClass
  readonly type: EventType
  /** In ms since 1970. */
  readonly at: number
  readonly receivedAt: number
  readonly person: number | null
  /** The person's, where the system tells it; `strange`: one that nobody has. */
  readonly card: 'own' | 'strange' | null
  readonly door: number | null
}

/** Events of one class that were received in one month, which lie together. */
export interface Leaf {
  readonly class: EventClass
  /** As `2026-11`. */
  readonly month: string
  readonly events: number
  readonly firstDay: number
  readonly lastDay: number
}

export interface History {
  /** Days since 1970. */
  readonly today: number
  readonly events: number
  readonly leaves: readonly Leaf[]
  of(leaf: Leaf): Generator<Drawn>
}

/** `size` events, but for a few that are more, since each day has whole ones. */
export function drawHistory(size: number, today: number): History {
  const daysOfRate = classes.reduce((sum, of) => sum + kinds[of].rate * kinds[of].days, 0)
  const perDay = (of: EventClass): number => Math.ceil((size / daysOfRate) * kinds[of].rate)
  const firstDay = today - Math.max(...classes.map((of) => kinds[of].days))
  const countOn = (day: number, of: EventClass): number => (day >= today - kinds[of].days ? perDay(of) : 0)
  /** How many events there were before each day. */
  const before = [0]
  for (let day = firstDay; day < today; day += 1)
    before.push((before.at(-1) ?? 0) + classes.reduce((sum, of) => sum + countOn(day, of), 0))

  function leavesOf(of: EventClass): Leaf[] {
    const days = Array.from({ length: kinds[of].days }, (_, n) => today - kinds[of].days + n)
    return [...Map.groupBy(days, monthOf)].map(([month, those]) => ({
      ...{ class: of, month, events: those.length * perDay(of) },
      ...{ firstDay: those[0] as number, lastDay: those.at(-1) as number },
    }))
  }

  /** Which class the events of a day are of, one after the other. */
  function classesOn(day: number): readonly EventClass[] {
    const random = seededRandom(day)
    const all = classes.flatMap((of) => Array<EventClass>(countOn(day, of)).fill(of))
    for (let i = all.length - 1; i > 0; i -= 1) {
      const other = Math.floor(random.next() * (i + 1))
      const moved = all[i] as EventClass
      all[i] = all[other] as EventClass
      all[other] = moved
    }
    return all
  }

  return {
    today,
    events: before.at(-1) ?? 0,
    leaves: classes.flatMap(leavesOf),
    *of(leaf) {
      for (let day = leaf.firstDay; day <= leaf.lastDay; day += 1) {
        const random = seededRandom(day * classes.length + classes.indexOf(leaf.class))
        const all = classesOn(day)
        for (const [slot, of] of all.entries()) {
          if (of !== leaf.class) continue
          const receivedAt = day * dayMs + Math.floor(timeOfDay((slot + 0.5) / all.length) * dayMs)
          const position = (before[day - firstDay] ?? 0) + slot + 1
          yield { position, receivedAt, ...drawn(of, receivedAt, random.next) }
        }
      }
    },
  }
}

function monthOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 7)
}

/** Seven of ten events lie between six and eighteen o'clock. Both are shares of a whole. */
function timeOfDay(through: number): number {
  if (through < 0.15) return (through / 0.15) * 0.25
  if (through < 0.85) return 0.25 + ((through - 0.15) / 0.7) * 0.5
  return 0.75 + ((through - 0.85) / 0.15) * 0.25
}

function drawn(of: EventClass, receivedAt: number, chance: () => number): Omit<Drawn, 'position' | 'receivedAt'> {
  const type = typeOf(of, chance())
  const isStrange = type === 'access.denied.unknown_credential'
  const isPersons = (of === 'access' && !isStrange) || of === 'credential' || type === 'alarm.duress'
  const late = chance() < share.late ? chance() * lateMostMs : 200 + chance() * 1_300
  return {
    ...{ class: of, type, at: Math.floor(receivedAt - late) },
    person: isPersons ? Math.floor(chance() * people) : null,
    card: isStrange ? 'strange' : of === 'access' && chance() < share.ownCard ? 'own' : null,
    door: of === 'access' || of === 'door' || of === 'alarm' ? doorOf(chance()) : null,
  }
}

function typeOf(of: EventClass, chance: number): EventType {
  let sum = 0
  for (const [part, type] of types[of]) {
    sum += part
    if (chance < sum) return type
  }
  throw new RangeError('some type is left over')
}

function doorOf(chance: number): number {
  if (chance > 1 - share.seldomDoor) return doors - 1
  return Math.floor(chance ** 2 * (doors - 1))
}
