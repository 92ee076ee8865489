/** The simulated BioStar 2 as a door system of the story. */
import {
  type BiostarSimulator,
  type SeenUser,
  type SimulatorOptions,
  startBiostarSimulator,
} from '../connectors/biostar2/simulator/index.ts'
import type { DoorSystem, SeenAccount } from './door-system.ts'
import { doorNamed } from './site.ts'
import { doorSystem } from './workforce/gateway-config.ts'

/** The server's own first administrator, whom no integration made. */
const administrator = '1'
const created = '^/api/users$'

/** Every level opens one door. Speaks of latency as the simulator does by default: 40 ms median, 200 ms in one of a hundred. */
export async function openBiostar2(
  target: string,
  doors: readonly string[],
  options: Pick<SimulatorOptions, 'latency' | 'deviceDelayMs'> = {},
): Promise<DoorSystem> {
  const simulator = await startBiostarSimulator({
    levels: doors.map((name) => ({ name, doors: [doorNamed(name)] })),
    seed: 1,
    // This server takes no dot in a name; which signs one takes is written nowhere, so Gatehouse can't know before.
    quirks: { nameSpecials: '-_,()@#&/+:' },
    ...options,
  })
  simulator.changeSettings({ use_alphanumeric: true })
  return biostar2Doors(simulator, target)
}

export function biostar2Doors(simulator: BiostarSimulator, target: string): DoorSystem {
  const { state, requests, faults } = simulator
  return {
    name: 'BioStar 2',
    target,
    refusals: {
      sign: '.',
      name: 'biostar2.field-refused',
      levels: { max: 16, code: 'biostar2.too-many-groups' },
      address: 'biostar2.email-exists',
    },
    readRequestsMax: 1,
    configuration: { connector: 'biostar2', guard: { unexpected: 'suspend' }, settings: doorSystem(simulator) },
    secret: { file: 'password', value: simulator.password },
    sideDoorUrl: simulator.sideDoorUrl,

    accountCount: () => state.userCount - 1,
    accounts: () =>
      new Map(
        state
          .users()
          .filter(({ id }) => id !== administrator)
          .map((user) => [user.id, seen(user)]),
      ),
    account(id) {
      const user = state.user(id)
      return user === null ? null : seen(user)
    },

    settled: () => simulator.settled(),
    opens: (card, door) => simulator.swipe({ card_id: card, door: doorNamed(door) }).granted,
    swipeCall: (card, door) => ({ path: '/swipe', body: { card_id: card, door: doorNamed(door) } }),
    eventKeys: () => state.eventKeys(),
    fingers: {
      enrol: (user) => simulator.hand({ action: 'enrol', user, credential: 'fingerprint' }),
      swap: (user) => simulator.hand({ action: 'swap', user, credential: 'fingerprint' }),
      count: (user) => state.user(user)?.fingerprints ?? 0,
      opens: (user, door) => simulator.swipe({ user, method: 'fingerprint', door: doorNamed(door) }).granted,
    },
    grantByHand: ({ user, level }) => simulator.hand({ action: 'grant', user, group: level }),
    plant(accounts) {
      simulator.seed({
        users: accounts.map(({ id, givenName, familyName, card, levels }) => ({
          id,
          name: `${givenName} ${familyName}`,
          accessGroups: [...levels],
          cards: card === null ? [] : [{ number: card, wiegandFormat: 0 }],
        })),
      })
    },

    requestCount: () => requests.count,
    requestsAbout: (id, since) =>
      requests
        .find({ user: id })
        .filter(({ n }) => n > since)
        .map(({ n, method, status }) => ({ n, writes: method !== 'GET', answered: status === 200 })),
    madeSince: (since) =>
      requests
        .find({ method: 'POST', path: created })
        .filter(({ n, code }) => n > since && code === '0')
        .flatMap(({ users }) => users),
    loseAnswers(times) {
      const { count } = requests
      const fault = faults.add({ kind: 'drop-after', method: '^POST$', path: created, times })
      return {
        lost: () => requests.find().filter(({ n, fault: struck }) => n > count && struck === 'drop-after').length,
        end: () => faults.remove(fault.id),
      }
    },
    goDown() {
      const { id } = faults.add({ kind: 'down' })
      return () => faults.remove(id)
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

function seen(user: SeenUser): SeenAccount {
  const { id, disabled, groups, cards, start, expiry, name, email, department, title } = user
  const address = email.toLowerCase()
  return {
    id,
    name,
    closed: disabled,
    levels: groups,
    cards: cards.map(({ number, blocked }) => ({ number, blocked })),
    validity: `${start} ${expiry}`,
    profile: JSON.stringify([name, email, department, title]),
    // This server takes an address only once.
    identifiers: [...cards.map(({ number }) => `card ${number}`), ...(address === '' ? [] : [`address ${address}`])],
  }
}
