/** BioStar 2 keeps the contract of events. */
import biostar2 from '../../connectors/biostar2/index.ts'
import { startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import { eventsContract } from './events.ts'
import type { EventsSimulator } from './events-subject.ts'

const door = 'Front Door'
const faults = { 'cut-before': 'drop', 'cut-after': 'drop-after', hang: 'hang' } as const

async function start(): Promise<EventsSimulator> {
  const levels = [{ name: 'Main', doors: [door] }]
  const simulator = await startBiostarSimulator({ levels, latency: { fixedMs: 1 }, deviceDelayMs: 0 })
  const person = { id: '734001', name: 'Zyphora Quillfeather', cards: ['7340017340'], accessGroups: ['Main'] }
  simulator.seed({ users: [person] })
  let down: number | null = null
  const tryCards = (numbers: readonly string[], at?: string) => {
    for (const unknownCard of numbers)
      simulator.emit({ code: 4354, door, unknownCard, ...(at === undefined ? {} : { at }) })
  }
  return {
    settings: (wrong) => ({
      url: simulator.url,
      fingerprint256: wrong === 'certificate' ? 'AB'.repeat(32) : simulator.fingerprint256,
      login_id: simulator.username,
      password: wrong === 'password' ? `${simulator.password}x` : simulator.password,
    }),
    secrets: [simulator.password],
    tryCards: (numbers) => tryCards(numbers),
    comeIn() {
      simulator.swipe({ user: person.id, card_id: '7340017340', door })
      return { account: person.id, personal: [person.name, '7340017340'] }
    },
    tryCardsLate(numbers) {
      simulator.setDevice(door, 'offline')
      tryCards(numbers, '2026-01-05T08:00:00Z')
      simulator.setDevice(door, 'online')
    },
    tellTwice: () => void simulator.faults.add({ kind: 'event-twice' }),
    endSessions: () => simulator.restart(),
    arm: ({ kind, skip }) =>
      void simulator.faults.add({
        kind: faults[kind],
        path: '^/',
        skip,
        times: 1,
      }),
    disarm: () => simulator.faults.clear(),
    setDown(wanted) {
      if (down !== null) simulator.faults.remove(down)
      down = wanted ? simulator.faults.add({ kind: 'down' }).id : null
    },
    get requests() {
      return simulator.requests.count
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

eventsContract({ name: 'biostar2', connector: biostar2, start, impossible: {} })
