/** Nedap AEOS keeps the contract of events. */
import aeos from '../../connectors/aeos/index.ts'
import { startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { eventsContract } from './events.ts'
import type { EventsSimulator } from './events-subject.ts'

const entrance = 'Front Door'
const faults = { 'cut-before': 'drop', 'cut-after': 'drop-after', hang: 'hang' } as const
const dayMs = 86_400_000

async function start(): Promise<EventsSimulator> {
  const simulator = await startAeosSimulator({ latency: { fixedMs: 1 } })
  const badge = { type: 'Wiegand 26', number: '48213' }
  const person = { lastName: 'Quillfeather', firstName: 'Zyphora', personnelNo: 'Q-734001' }
  simulator.seed({ carriers: [{ ...person, badges: [badge], templates: ['Main Entrance'] }] })
  let down: number | null = null
  const tryCards = (numbers: readonly string[], agoMs = 0) => {
    for (const number of numbers) simulator.swipe({ badge: number, entrance, agoMs })
  }
  return {
    settings: (wrong) => ({
      url: new URL(simulator.url).origin,
      fingerprint256: wrong === 'certificate' ? 'AB'.repeat(32) : simulator.fingerprint256,
      username: simulator.username,
      password: wrong === 'password' ? `${simulator.password}x` : simulator.password,
      server_zone: 'Europe/Amsterdam',
      block_reasons: { carrier: '11', token: '12' },
      identifier_types: [{ id: '4', format: 'H10301', facility: 20 }],
      events: { poll_every: '20ms' },
    }),
    secrets: [simulator.password],
    tryCards: (numbers) => tryCards(numbers),
    comeIn() {
      simulator.swipe({ badge, entrance })
      return { account: person.personnelNo, personal: [person.lastName, person.firstName, badge.number] }
    },
    tryCardsLate: (numbers) => tryCards(numbers, 3 * dayMs),
    tellTwice: () => {
      throw new Error('no such provocation here')
    },
    endSessions: () => {
      throw new Error('no such provocation here')
    },
    arm: ({ kind, skip }) => void simulator.faults.add({ kind: faults[kind], skip, times: 1 }),
    disarm: () => simulator.faults.clear(),
    setDown(wanted) {
      if (down !== null) simulator.faults.remove(down)
      down = wanted ? simulator.faults.add({ kind: 'down' }).id : null
    },
    get requests() {
      return simulator.requests.find().length
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

eventsContract({
  name: 'aeos',
  connector: aeos,
  start,
  impossible: {
    twice: 'a log that is asked by id has each event once; what looks overlap is in the tests of the connector',
    'session-lost': 'HTTP Basic goes with every request, so there is no session to lose',
  },
})
