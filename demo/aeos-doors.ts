/** The simulated AEOS as a door system of the story. */
import {
  type AeosSimulator,
  type SeenCarrier,
  type SimulatorOptions,
  startAeosSimulator,
} from '../connectors/aeos/simulator/index.ts'
import type { DoorSystem, SeenAccount } from './door-system.ts'
import { doorNamed } from './site.ts'

const zone = 'Europe/Berlin'
/** Of the simulated site: badge numbers as decimals, and a reason for carriers and one for badges that nobody else uses. */
const decimalType = '1'
const reasons = { carrier: '11', token: '15' }
/** What takes one request elsewhere takes several small ones here: so many are served at a time. */
const atOnce = 16
/** By the kind of people as HR calls it; whoever is nothing of it is an employee. */
const carrierTypes = { contingent: 'contractor', visitor: 'visitor' } as const
/** What the simulator calls them. */
const kinds = { employee: 'Employee', intern: 'Employee', contingent: 'Contractor', visitor: 'Visitor' } as const
const created = '^add(Employee|Contractor|Visitor)$'
const levelList = 'AuthorisationOnline/TemplateAuthorisation'

/** Every template opens one door. Latency is the simulator's own, which is that of BioStar 2: no document speaks of any. */
export async function openAeos(
  target: string,
  doors: readonly string[],
  options: Pick<SimulatorOptions, 'latency'> = {},
): Promise<DoorSystem> {
  const simulator = await startAeosSimulator({
    templates: doors.map((name) => ({ name, entrances: [doorNamed(name)] })),
    seed: 2,
    concurrency: atOnce,
    zone,
    // What a site forbids is its own affair, and told by nobody before.
    quirks: { refusedSigns: '/' },
    ...options,
  })
  return aeosDoors(simulator, target)
}

export function aeosDoors(simulator: AeosSimulator, target: string): DoorSystem {
  const { state, requests, faults } = simulator
  const named = (id: string): SeenCarrier | null => {
    const numbered = /^#(\d+)$/.exec(id)?.[1]
    return numbered === undefined ? (state.withPersonnelNo(id)[0] ?? null) : state.carrier(numbered)
  }
  return {
    name: 'AEOS',
    target,
    refusals: { sign: '/', name: 'aeos.fields-refused', levels: null, address: null },
    readRequestsMax: 4,
    configuration: {
      connector: 'aeos',
      concurrency: atOnce,
      settings: {
        url: new URL(simulator.url).origin,
        fingerprint256: simulator.fingerprint256,
        username: simulator.username,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
        password: '${file:./aeos-password}',
        server_zone: zone,
        block_reasons: reasons,
        carriers: carrierTypes,
        identifier_types: [{ id: decimalType, format: 'H10301' }],
        // Nobody has one here.
        pins: false,
      },
    },
    secret: { file: 'aeos-password', value: simulator.password },
    sideDoorUrl: simulator.sideDoorUrl,

    accountCount: () => state.carrierCount,
    accounts() {
      const accounts = new Map<string, SeenAccount>()
      for (const carrier of state.carriers()) {
        const { personnelNo, id } = carrier
        const account = seen(carrier, personnelNo === '' || accounts.has(personnelNo) ? `#${id}` : personnelNo)
        accounts.set(account.id, account)
      }
      return accounts
    },
    account(id) {
      const carrier = named(id)
      return carrier === null ? null : seen(carrier, id)
    },

    // Its controllers decide by the server's own state.
    settled: async () => undefined,
    opens: (card, door) => simulator.swipe({ badge: card, entrance: doorNamed(door) }).granted,
    swipeCall: (card, door) => ({ path: '/swipe', body: { badge: card, entrance: doorNamed(door) } }),
    // Small numbers, which say nothing.
    eventKeys: () => [],
    fingers: null,
    grantByHand({ user, level }) {
      const carrier = named(user)
      if (carrier === null) throw new RangeError('AEOS knows no such person')
      simulator.hand({ action: 'grant', carrier: carrier.id, template: level })
    },
    plant(accounts) {
      simulator.seed({
        carriers: accounts.map(({ id, kind, givenName, familyName, card, levels }) => ({
          kind: kinds[kind],
          personnelNo: id,
          firstName: givenName,
          lastName: familyName,
          badges: card === null ? [] : [card],
          templates: levels,
        })),
      })
    },

    requestCount: () => requests.count,
    requestsAbout(id, since) {
      const carrier = named(id)
      if (carrier === null) return []
      return requests
        .find({ carrier: carrier.id })
        .filter(({ n }) => n > since)
        .map(({ n, writes, status }) => ({ n, writes, answered: status === 200 }))
    },
    madeSince: (since) =>
      requests
        .find({ operation: created })
        .filter(({ n }) => n > since)
        .flatMap(({ carriers }) => carriers.map((id) => state.carrier(id)?.personnelNo ?? `#${id}`)),
    loseAnswers(times) {
      const { count } = requests
      const fault = faults.add({ kind: 'drop-after', operation: created, times })
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

function seen(carrier: SeenCarrier, id: string): SeenAccount {
  const { blocked, badges, authorisations, arrival, leave, kind, lastName, firstName, personnelNo, fields } = carrier
  return {
    id,
    name: `${firstName} ${lastName}`,
    closed: blocked,
    // A right of any other kind, or one that is switched off, is none that a level of ours is.
    levels: authorisations.map(({ list, enabled, name }) => (list === levelList && enabled ? name : `${list} ${name}`)),
    cards: badges.map((badge) => ({ number: badge.number, blocked: badge.blocked })),
    validity: `${arrival} ${leave}`,
    profile: JSON.stringify([kind, lastName, firstName, fields.Email]),
    // AEOS takes any number twice, so that nothing but the gateway keeps somebody from being there twice.
    identifiers: [...badges.map(({ number }) => `card ${number}`), `number ${personnelNo === '' ? id : personnelNo}`],
  }
}
