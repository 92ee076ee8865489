/** BioStar 2 and BioStar X as subjects of the contract suite: how to start, spoil and look into their simulator. */
import biostar2 from '../../connectors/biostar2/index.ts'
import {
  type BiostarSimulator,
  type FaultSpec,
  type HandChange,
  type SimulatorOptions,
  startBiostarSimulator,
} from '../../connectors/biostar2/simulator/index.ts'
import { type Card, cardOfValues, csn, h10301 } from '../../src/model/card.ts'
import type { AccountsSimulator, AccountsSubject, ByHand, Fault, Inside, Where } from './accounts-subject.ts'

type Quirks = NonNullable<SimulatorOptions['quirks']>

const operator = '77'
const groups = 20

export function biostarSubject(name: 'biostar2' | 'biostarx', quirks: Quirks = {}): AccountsSubject {
  return {
    name,
    connector: biostar2,
    start: () => start(name, quirks),
    // Wiegand cards of 26 and 37 bits (H10304 12345:345678), and serial numbers of 4 and 7 bytes.
    cards: [
      h10301(20, 10_000),
      csn('84A1B2C3'),
      csn('04AABBCCDDEE80'),
      { format: 'H10304', bits: 37, raw: '13039A8C9D' },
    ],
    refusedCard: cardOfValues('AWID34', { facility: 77n, number: 1_234_567n }),
    cardNumber,
    missingLevel: '999',
    levelsMax: 16,
    manyAccounts: 1210,
    listTells: { cards: true, levels: true },
    refusedNumbers: ['Quillfeather 4711', '99999999999999999999', 'ä'.repeat(40), ''],
    impossible: {},
  }
}

/** BioStar 2 API, Cards: facility and number joined without parity, and a serial number as its decimal. */
function cardNumber({ format, bits, raw }: Card): string {
  const all = BigInt(`0x${raw}`)
  return (format in wiegandFormats ? (all >> 1n) & ((1n << BigInt(bits - 2)) - 1n) : all).toString()
}

/** Parity is the first and the last bit of both. */
const wiegandFormats: Readonly<Record<string, number>> = { H10301: 0, H10304: 2 }

function seedCard(card: Card) {
  const number = cardNumber(card)
  const wiegandFormat = wiegandFormats[card.format]
  return wiegandFormat === undefined ? number : { number, wiegandFormat }
}

const paths: Readonly<Record<Where, Pick<FaultSpec, 'method' | 'path'>>> = {
  create: { method: 'POST', path: '^/api/users$' },
  change: { method: 'PUT', path: '^/api/users/' },
  remove: { method: 'DELETE', path: '^/api/users$' },
  block: { path: '^/api/cards/blacklist$' },
  write: { method: 'POST|PUT|DELETE', path: '^/api/(users|cards)' },
  read: { method: 'GET', path: '^/api/users/' },
  list: { path: '^/api/v2/users/search$' },
  discover: { path: '^/api/v2/access_groups/search$' },
  login: { path: '^/api/login$' },
  anything: { path: '^/(?!api/log)' },
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
      return { kind: 'http', ...(fault.says === undefined ? {} : { message: fault.says }) }
    case 'throttled':
      return { kind: 'throttle', retryAfterSeconds: fault.retryAfterMs / 1000 }
    case 'session-lost':
      return { kind: 'session-expiry' }
    case 'hang':
    case 'maintenance':
    case 'full':
      return { kind: fault.kind }
    default:
      return fault satisfies never
  }
}

async function start(product: 'biostar2' | 'biostarx', quirks: Quirks): Promise<AccountsSimulator> {
  const levels = Array.from({ length: groups }, (_, at) => ({ name: `Level ${at + 1}`, doors: ['Front Door'] }))
  const latency = { fixedMs: 1 }
  const simulator = await startBiostarSimulator({ product, levels, latency, deviceDelayMs: 0, quirks })
  simulator.seed({ users: [{ id: operator, name: 'Made-up Operator', operatorLevel: 2 }] })
  let down: number | null = null
  let lateMs = 0
  return {
    settings: (wrong) => ({
      url: simulator.url,
      fingerprint256: wrong === 'certificate' ? 'AB'.repeat(32) : simulator.fingerprint256,
      login_id: simulator.username,
      photos: true,
      password: wrong === 'password' ? `${simulator.password}x` : simulator.password,
    }),
    secrets: [simulator.password],
    levels: simulator.state.groups().map(({ id }) => String(id)),
    untouchable: ['1', operator],
    arm(fault) {
      if (fault.kind === 'late-write') lateMs = Math.max(lateMs, fault.delayMs)
      const { on, times = 1, skip = 0 } = fault
      simulator.faults.add({ ...paths[on], times, skip, ...faultOf(fault) })
    },
    disarm: () => simulator.faults.clear(),
    setDown(wanted) {
      if (down !== null) simulator.faults.remove(down)
      down = wanted ? simulator.faults.add({ kind: 'down' }).id : null
    },
    refuseLogins() {
      simulator.restart()
      simulator.quirks.loginRefusal = '121'
    },
    byHand: (change) => simulator.hand(handOf(change)),
    fill: (count) => void simulator.seed({ count }),
    refuseNames() {
      simulator.quirks.nameSpecials = ''
      return { givenName: 'Zyphora-Ann', familyName: 'Quillfeather' }
    },
    inherit(externalId) {
      simulator.seed({
        userGroups: [{ name: 'Staff' }],
        accessGroups: [{ name: 'By group', doors: ['Back Door'], userGroups: ['Staff'] }],
      })
      simulator.hand({ action: 'move', user: externalId, userGroup: 'Staff' })
      return levelId(simulator, 'By group')
    },
    inside: (externalId) => inside(simulator, externalId),
    remakePhotos() {
      simulator.quirks.photos = 'made-anew'
    },
    // The picture is part of each record, whoever asks for it.
    photosAsked: () => 0,
    ids: () => simulator.state.users().map(({ id }) => id),
    get requests() {
      const entries = simulator.requests.find()
      const isWrite = ({ method, path }: { method: string; path: string }) =>
        method !== 'GET' && /^\/api\/(users|cards)/.test(path)
      return {
        all: entries.length,
        writes: entries.filter(isWrite).length,
        logins: entries.filter(({ path }) => path === '/api/login').length,
      }
    },
    landed() {
      simulator.clock.advance(lateMs)
      return simulator.landed()
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

/** What an operator would do in the console. */
function handOf(change: ByHand): HandChange {
  const user = 'externalId' in change ? change.externalId : ''
  switch (change.act) {
    case 'create': {
      const cards = (change.cards ?? []).map(seedCard)
      return { action: 'create', user: { id: user, name: 'Made-up Stranger', cards } }
    }
    case 'delete':
      return { action: 'delete', user }
    case 'rename':
      return { action: 'rename', user, name: change.name }
    case 'grant':
      return { action: 'grant', user, group: Number(change.level) }
    case 'add-card':
      // So long that no known format has it: blocked like any other.
      return { action: 'assign', user, card: `9${'0'.repeat(27)}${1000 + change.number}` }
    case 'block':
    case 'unblock':
      return { action: change.act, card: cardNumber(change.card) }
    default:
      return change satisfies never
  }
}

function levelId(simulator: BiostarSimulator, name: string): string {
  return String(simulator.state.groups().find((group) => group.name === name)?.id)
}

function inside(simulator: BiostarSimulator, externalId: string): Inside | null {
  const user = simulator.state.user(externalId)
  if (user === null) return null
  return {
    lock: user.disabled ? 'closed' : 'open',
    name: user.name,
    levels: user.groups.map((name) => levelId(simulator, name)),
    cards: user.cards.map(({ number, blocked }) => ({ number, blocked })),
    photos: user.photo === '' ? [] : [user.photo],
  }
}
