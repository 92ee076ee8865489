/** Nedap AEOS as subject of the contract suite: how to start, spoil and look into its simulator. */
import aeos from '../../connectors/aeos/index.ts'
import {
  type AeosSimulator,
  type BadgeSpec,
  type FaultSpec,
  type HandChange,
  type SimulatorOptions,
  startAeosSimulator,
} from '../../connectors/aeos/simulator/index.ts'
import { type Card, csn, h10301 } from '../../src/model/card.ts'
import type { AccountsSimulator, AccountsSubject, ByHand, Fault, Inside, Where } from './accounts-subject.ts'

const templates = Array.from({ length: 20 }, (_, at) => ({ name: `Level ${at + 1}`, entrances: ['Front Door'] }))
/** Types and block reasons of the simulator's site. */
const badgeTypes = { decimal: '1', serial: '2', text: '3', wiegand: '4' } as const
const reasons = { carrier: '11', token: '12' } as const
const facility = 20

export function aeosSubject(name: string, options: SimulatorOptions = {}): AccountsSubject {
  return {
    name,
    connector: aeos,
    start: () => start(options),
    // One of each way to write a badge: number alone, hex of 4 and 7 bytes, and facility and number joined.
    cards: [h10301(facility, 48_213), csn('84A1B2C3'), csn('04AABBCCDDEE80'), h10301(21, 345)],
    // The type of the site begins with 1.
    refusedCard: h10301(facility, 0),
    cardNumber: (card) => badgeOf(card).number,
    missingLevel: '999',
    levelsMax: null,
    manyAccounts: 1210,
    listTells: { cards: true, levels: true },
    refusedNumbers: ['47%11', '#47', ''],
    // AEOS finds an account by its number, which takes requests of its own, and shuts a badge by one request each.
    requestsMax: { failing: 7, lockKnown: 5, lockUnknown: 7 },
    impossible: {
      'session-lost': 'HTTP Basic goes with every request, so there is no session to lose',
      'level-limit': 'no document names one',
    },
  }
}

/** The number in the type's own format; facility code and length are settings of the type, as in Nedap's example of Wiegand-26. */
function badgeOf({ format, bits, raw }: Card): { type: string; number: string } {
  if (format !== 'H10301') return { type: bits === 32 ? badgeTypes.serial : badgeTypes.text, number: raw }
  const data = (BigInt(`0x${raw}`) >> 1n) & 0xff_ffffn
  const [code, number] = [data >> 16n, data & 0xffffn]
  return code === BigInt(facility)
    ? { type: badgeTypes.wiegand, number: String(number) }
    : { type: badgeTypes.decimal, number: String(data) }
}

/** Regular expressions on the names of operations. */
const operations: Readonly<Record<Where, string>> = {
  create: '^add(Employee|Contractor|Visitor)$',
  change: '^(change|blockCarrier$|unblockCarrier$|addCarrierAuthorizations$|removeCarrierAuthorizations$)',
  remove: '^remove(Employee|Contractor|Visitor)$',
  block: '^(un)?blockToken$',
  write: '^(?!find|get|\\?)',
  read: '^findCarrier(States|Token|Profile)$',
  list: '^findPerson$',
  discover: '^findTemplate$',
  login: '^getVersion$',
  anything: '^(?!getVersion$)',
}

/** In the simulator's own words. */
function faultOf(fault: Fault): FaultSpec {
  switch (fault.kind) {
    case 'cut-before':
      return { kind: 'drop' }
    case 'cut-after':
      return { kind: 'drop-after' }
    case 'late-write':
    case 'slow':
      return { kind: fault.kind, delayMs: fault.delayMs }
    case 'server-error':
      return { kind: 'fault', code: 990, ...(fault.says === undefined ? {} : { message: fault.says }) }
    case 'throttled':
      return { kind: 'throttle', retryAfterSeconds: fault.retryAfterMs / 1000 }
    case 'full':
      return { kind: 'fault', code: 902, message: 'No license' }
    case 'session-lost':
      throw new TypeError('HTTP Basic has no sessions')
    case 'hang':
    case 'maintenance':
      return { kind: fault.kind }
    default:
      return fault satisfies never
  }
}

async function start(options: SimulatorOptions): Promise<AccountsSimulator> {
  const simulator = await startAeosSimulator({
    templates,
    latency: { fixedMs: 1 },
    ...options,
    quirks: { personnelNoUnique: true, ...options.quirks },
  })
  const { carriers } = simulator.seed({
    carriers: [
      { lastName: 'Made-up Keeper', personnelNo: 'K-1', readOnly: true },
      { lastName: 'Nobody', readOnly: true },
    ],
  })
  let down: number | null = null
  let lateMs = 0
  let photosAsked = 0
  return {
    settings: (wrong) => ({
      url: new URL(simulator.url).origin,
      fingerprint256: wrong === 'certificate' ? 'AB'.repeat(32) : simulator.fingerprint256,
      username: simulator.username,
      password: wrong === 'password' ? `${simulator.password}x` : simulator.password,
      server_zone: options.zone ?? 'Europe/Amsterdam',
      block_reasons: reasons,
      photos: true,
      identifier_types: [
        { id: badgeTypes.wiegand, format: 'H10301', facility },
        { id: badgeTypes.serial, format: 'CSN', bytes: 4, notation: 'hex' },
        { id: badgeTypes.text, format: 'CSN', bytes: 7, notation: 'hex' },
        { id: badgeTypes.decimal, format: 'H10301' },
      ],
    }),
    secrets: [simulator.password],
    levels: simulator.state.templates().map(({ id }) => String(id)),
    untouchable: carriers.map((id) => nameOf(simulator, id)),
    arm(fault) {
      if (fault.kind === 'late-write') lateMs = Math.max(lateMs, fault.delayMs)
      const { on, times = 1, skip = 0 } = fault
      simulator.faults.add({ operation: operations[on], times, skip, ...faultOf(fault) })
    },
    disarm: () => simulator.faults.clear(),
    setDown(wanted) {
      if (down !== null) simulator.faults.remove(down)
      down = wanted ? simulator.faults.add({ kind: 'down' }).id : null
    },
    refuseLogins: () => simulator.removeUser(simulator.username),
    byHand: (change) => void simulator.hand(handOf(simulator, change)),
    fill: (count) => void simulator.seed({ count }),
    refuseNames() {
      simulator.quirks.refusedSigns = '-'
      return { givenName: 'Zyphora-Ann', familyName: 'Quillfeather' }
    },
    inherit(externalId) {
      const template = templates[12]?.name ?? ''
      simulator.hand({ action: 'grant-by-rule', carrier: idOf(simulator, externalId), template })
      return String(simulator.state.templates().find(({ name }) => name === template)?.id)
    },
    inside: (externalId) => inside(simulator, externalId),
    remakePhotos() {
      simulator.quirks.pictures = 'made-anew'
    },
    photosAsked() {
      const all = simulator.requests.find({ operation: 'CarrierImage$' }).length
      const fresh = all - photosAsked
      photosAsked = all
      return fresh
    },
    ids: () => simulator.state.ids().map((id) => nameOf(simulator, id)),
    get requests() {
      const entries = simulator.requests.find()
      return {
        all: entries.length,
        writes: entries.filter(({ writes }) => writes).length,
        // Every request carries the login; what proves it, and what is refused for it, counts as one.
        logins: entries.filter(({ operation, status }) => operation === 'getVersion' || status === 401).length,
      }
    },
    landed() {
      simulator.clock.advance(lateMs)
      return simulator.landed()
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

/** What an operator would do in the screens of AEOS. */
function handOf(simulator: AeosSimulator, change: ByHand): HandChange {
  switch (change.act) {
    case 'create': {
      const badges = (change.cards ?? []).map(badgeOf)
      const carrier = { lastName: 'Made-up Stranger', personnelNo: change.externalId, badges }
      return { action: 'create', carrier }
    }
    case 'delete':
      return { action: 'delete', carrier: idOf(simulator, change.externalId) }
    case 'rename':
      return { action: 'change', carrier: idOf(simulator, change.externalId), fields: { LastName: change.name } }
    case 'grant':
      return { action: 'grant', carrier: idOf(simulator, change.externalId), template: Number(change.level) }
    case 'add-card': {
      // So long that no known format has it: blocked like any other.
      const badge: BadgeSpec = { type: badgeTypes.decimal, number: `9${'0'.repeat(12)}${1000 + change.number}` }
      return { action: 'assign', carrier: idOf(simulator, change.externalId), badge }
    }
    case 'block':
      return { action: 'block-badge', badge: badgeOf(change.card) }
    case 'unblock':
      return { action: 'unblock-badge', badge: badgeOf(change.card) }
    default:
      return change satisfies never
  }
}

/** How Gatehouse names an account here: by the personnel number, or by the id where there is none. */
function nameOf(simulator: AeosSimulator, id: number): string {
  const number = simulator.state.carrier(id)?.personnelNo ?? ''
  return number === '' ? `#${id}` : number
}

function seen(simulator: AeosSimulator, externalId: string) {
  if (externalId.startsWith('#')) return simulator.state.carrier(externalId.slice(1))
  return simulator.state.withPersonnelNo(externalId)[0] ?? null
}

/** Throws a TypeError when there is none. */
function idOf(simulator: AeosSimulator, externalId: string): number {
  const carrier = seen(simulator, externalId)
  if (carrier === null) throw new TypeError(`no such carrier: ${externalId}`)
  return carrier.id
}

function inside(simulator: AeosSimulator, externalId: string): Inside | null {
  const carrier = seen(simulator, externalId)
  if (carrier === null) return null
  return {
    lock: carrier.blocked ? 'closed' : 'open',
    name: carrier.lastName,
    // AEOS lets the same right be given twice, as public integrations found, and as a write that lands late does; revoking takes all of one level.
    levels: [...new Set(carrier.authorisations.flatMap(({ rule, subject }) => (rule === null ? String(subject) : [])))],
    cards: carrier.badges.map(({ number, blocked }) => ({ number, blocked })),
    photos: carrier.photos,
  }
}
