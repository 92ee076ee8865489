/** People at the doors of a simulated BioStar 2: who comes where is drawn once and for all, so that every run makes the same events. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { seededRandom } from '../connectors/simulator-parts/random.ts'
import type { SimulatorRequest } from './door-systems.ts'
import { type Moment, preciseNow } from './moment.ts'

export interface Passages {
  /** Makes so many events, or one more, as fast as it can. */
  make(count: number): Made
  /** The same, so many a second. */
  makeSteadily(count: number, perSecond: number): Promise<readonly Moment[]>
}

export interface Made {
  readonly events: number
  /** The row of the log that they come after. */
  readonly after: number
}

const tickMs = 1

/** Most come to doors that are theirs, some to one that may be anybody's, and a few with a card that nobody has. */
const share = { own: 0.9, strange: 0.03 }

/** Of everybody who has a card by now; whoever is let in makes two events, of which one is the door's. */
export async function passagesAt(simulator: BiostarSimulator, levels: SimulatorRequest['levels']): Promise<Passages> {
  await simulator.settled()
  const random = seededRandom(1)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T
  const doors = levels.flatMap((level) => level.doors)
  const doorsOf = new Map(levels.map(({ name, doors: those }) => [name, those]))
  const people = simulator.state.users().flatMap(({ cards, groups }) => {
    const [card] = cards
    return card === undefined || groups.length === 0 ? [] : [{ card: card.number, groups }]
  })
  if (people.length === 0) throw new Error('nobody has a card')
  const log = simulator.state.events()

  function pass(): void {
    const chance = random.next()
    const { card, groups } = pick(people)
    const door = chance < share.own ? pick(doorsOf.get(pick(groups)) ?? doors) : pick(doors)
    const isStrange = chance > 1 - share.strange
    simulator.swipe({ door, card_id: isStrange ? String(4_000_000_000 + Math.floor(random.next() * 1e8)) : card })
  }

  return {
    make(count) {
      const before = log.length
      const after = log.at(-1)?.id ?? 0
      while (log.length - before < count) pass()
      return { events: log.length - before, after }
    },
    async makeSteadily(count, perSecond) {
      const made: Moment[] = []
      const begun = performance.now()
      for (let known = log.length; made.length < count; ) {
        await sleep(tickMs)
        const due = Math.min(count, Math.floor(((performance.now() - begun) / 1000) * perSecond))
        while (made.length < due) {
          const at = preciseNow()
          pass()
          for (const { deviceId, index } of log.slice(known)) made.push({ trace: `${deviceId} ${index}`, at })
          known = log.length
        }
      }
      return made
    },
  }
}
