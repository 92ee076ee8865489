/** Connects the connector to a simulator of its own, and leads one person through a whole history there, for the tests of this folder. */
import type { ActualAccount, DesiredAccount, Health, PartOutcome } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { type Card, h10301 } from '../../src/model/card.ts'
import connector from './index.ts'
import { type SimulatorOptions, startAeosSimulator } from './simulator/index.ts'
import { openSoap, type Value } from './soap/soap.ts'
import { desiredAccount, facts, never, type SettingsInput, told } from './testing.ts'

/** Block reasons and identifier types of the simulator's site. */
const reasons = { carrier: '11', token: '12' } as const
const wiegandType = '4'
const facility = 20

/** `now` is the clock of the connector; the simulator has its own. */
export async function simulated(
  options: SimulatorOptions = {},
  overrides: SettingsInput = {},
  now: () => Date = () => new Date(),
) {
  const simulator = await startAeosSimulator({ latency: { fixedMs: 0 }, ...options })
  const given = {
    url: new URL(simulator.url).origin,
    fingerprint256: simulator.fingerprint256,
    username: simulator.username,
    password: simulator.password,
    server_zone: options.zone ?? 'Europe/Amsterdam',
    block_reasons: reasons,
    identifier_types: [
      { id: wiegandType, format: 'H10301', facility },
      { id: '2', format: 'CSN', bytes: 4, notation: 'hex' },
    ],
    ...overrides,
  }
  const opened: { close(): Promise<void> }[] = []

  /** One more connection, which may be told something else. */
  async function connect(some: SettingsInput = {}, requestTimeoutMs = 2000) {
    const settings = connector.settings.parse({ ...given, ...some })
    const address = connector.address(settings)
    if (address === null) throw new Error('this connector always has an address')
    const egress = openEgress({ ...address, ...connector.limits, requestsPerSecond: 10_000, requestTimeoutMs })
    const context = { http: egress.http, log: () => undefined, now }
    const { accounts, people, events, health, close } = await connector.connect(settings, context, never)
    opened.push({
      async close() {
        await close()
        await egress.close()
      },
    })

    const read = (externalId = '4711') => accounts.read(externalId, never)
    const authorization = `Basic ${Buffer.from(`${settings.username}:${settings.password}`).toString('base64')}`
    const headers = { authorization, 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' }
    return {
      /** Sends one operation past the connector, in the words of the service; gives the HTTP status. */
      async say(operation: string, value: Value): Promise<number> {
        const body = (await openSoap()).write(operation, value)
        return (await egress.http.request({ method: 'POST', path: '/aeosws', headers, body }, never)).status
      },
      accounts,
      people,
      events,
      read,
      health: (): Promise<Health> => health(never),
      async put(desired: DesiredAccount, some: Partial<PutOrder> = {}, externalId = '4711') {
        const actual = await read(externalId)
        const order = { kind: 'put', externalId, desired, actual, revoke: { levels: [], cards: [] } } as const
        return told((await accounts.apply({ ...order, ...some }, never)).parts)
      },
      async lock(known: ActualAccount | null = null, externalId = '4711') {
        const { parts, blocked = [] } = await accounts.apply({ kind: 'lock', externalId, known, at: now() }, never)
        return { told: told(parts), blocked }
      },
      async remove(externalId = '4711') {
        return told((await accounts.apply({ kind: 'remove', externalId }, never)).parts)
      },
      async mustRead(externalId = '4711'): Promise<ActualAccount> {
        const account = await read(externalId)
        if (account === null) throw new Error('there is no such account')
        return account
      },
    }
  }

  /** All carriers of the number as the simulator itself knows them. */
  const inside = (number = '4711') => simulator.state.withPersonnelNo(number)

  return {
    simulator,
    connect,
    ...(await connect()),
    inside,
    /** Names of the entrances that open to any carrier of the number. */
    opens: (number = '4711') => inside(number).flatMap(({ opens }) => opens),
    /** Whether the card opens the entrance at this moment, by the simulator's clock. */
    swipe: (card: Card, entrance = 'Front Door') =>
      simulator.swipe({ badge: { type: Number(wiegandType), number: numberOf(card) }, entrance }).granted,
    badge: (card: Card) => simulator.state.badge({ type: Number(wiegandType), number: numberOf(card) }),
    levelOf: (name: string) => String(simulator.state.templates().find((template) => template.name === name)?.id),
    async [Symbol.asyncDispose]() {
      for (const connection of opened) await connection.close()
      await simulator.close()
    },
  }
}

export type Simulated = Awaited<ReturnType<typeof simulated>>

interface PutOrder {
  readonly actual: ActualAccount | null
  readonly revoke: { readonly levels: readonly string[]; readonly cards: readonly Card[] }
  readonly lift: readonly Card[]
  readonly unblock: readonly string[]
}

/** The facility is a setting of the type at AEOS, so the number stands alone. */
function numberOf({ raw }: Card): string {
  return String((BigInt(`0x${raw}`) >> 1n) & 0xffffn)
}

export const [first, second] = [h10301(facility, 48_213), h10301(facility, 48_214)]
const failed = (outcomes: PartOutcome['outcome'] | string) => outcomes !== 'applied' && outcomes !== 'unchanged'

/** The parts that were not brought about, with the reason of each. */
export function failures(told: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(told).filter(([, outcome]) => failed(outcome)))
}

/** Whoever looks at the simulator after each step of the history; `told` is what the connector said of it, `ordered` what a put was for. */
type Look = (step: Step, told: Readonly<Record<string, string>>, ordered?: DesiredAccount) => Promise<void>
const steps = ['create', 'change', 'lock', 'unlock', 'lose', 'replace', 'leave', 'remove'] as const
export type Step = (typeof steps)[number]

/** Create, change, lock, unlock, card lost and replaced, leave, remove: what the engine would order, in its words. */
export async function history(target: Simulated, look: Look): Promise<void> {
  const [entrance, warehouse] = [target.levelOf('Main Entrance'), target.levelOf('Warehouse')]
  const validity = { from: null, until: '2031-06-30T15:30:00.000Z' }
  const base = { validity, levels: [entrance] }
  const with1 = desiredAccount({ ...base, cards: [{ card: first, state: 'on' }] })
  await look('create', await target.put(with1), with1)

  const renamed = facts({ familyName: 'Thistledown', email: 'zyphora@example.org' })
  const changed = desiredAccount({
    ...with1,
    facts: renamed,
    validity: { from: null, until: null },
    levels: [warehouse],
  })
  await look('change', await target.put(changed, { revoke: { levels: [entrance], cards: [] } }), changed)

  const { told: shut } = await target.lock(await target.mustRead())
  await look('lock', shut)
  await look('unlock', await target.put(changed, { lift: [first] }), changed)

  const lost = { ...changed, cards: [{ card: first, state: 'blocked' as const }] }
  await look('lose', await target.put(lost), lost)
  const replaced = { ...changed, cards: [{ card: second, state: 'on' as const }] }
  await look('replace', await target.put(replaced, { revoke: { levels: [], cards: [first] } }), replaced)

  await look('leave', (await target.lock()).told)
  await look('remove', await target.remove())
}
