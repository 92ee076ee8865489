/** The shipped bridge between two door systems, as shipped: AEOS says who holds what, and BioStar 2 follows within seconds. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { type BiostarSimulator, startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { MatchView } from '../../src/api/acts/matches.ts'
import type { Paged } from '../../src/api/acts/paged.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { type GatewayProcess, runGatehouse, spawnGateway } from '../support/gateway-process.ts'
import { statusOf } from '../support/people.ts'
import { until } from '../support/servers.ts'

const shipped = new URL('../../config/examples/aeos-biostar2.yaml', import.meta.url)
/** From a change at AEOS until it is read back in BioStar 2. */
const limitMs = 5_000
const reason = { reason: 'the bridge' }
/** The identifier type of the shipped file: 26 bits with the facility 10. */
const badge = (number: number) => ({ type: 4, number: String(number) })
const cardNumber = (number: number) => String(10 * 65_536 + number)

let aeos: AeosSimulator
let biostar: BiostarSimulator
let folder: string
let gateway: GatewayProcess
let token: string
/** Carriers by personnel number. */
const carriers = new Map<string, number>()
const figures: { readonly what: string; readonly ms: number }[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-bridge-'))
  await chmod(folder, 0o711)
  const latency = { medianMs: 20, p99Ms: 120 }
  ;[aeos, biostar] = await Promise.all([
    startAeosSimulator({ latency }),
    startBiostarSimulator({
      levels: ['Main Entrance', 'Server Room', 'Warehouse'].map((name) => ({ name, doors: [name] })),
      latency,
      deviceDelayMs: 0,
      seed: 1,
    }),
  ])
  for (let n = 1; n <= 12; n++) {
    const [id = 0] = aeos.seed({
      carriers: [
        {
          lastName: `Family${n}`,
          firstName: `Given${n}`,
          personnelNo: String(5000 + n),
          badges: [badge(100 + n)],
          templates: ['Main Entrance'],
          ...(n % 2 === 0 ? { byRule: ['Server Room'] } : {}),
        },
      ],
    }).carriers
    carriers.set(String(5000 + n), id)
  }
  // Enrolled before anybody thought of a bridge.
  biostar.seed({ users: [{ id: '5001', name: 'Given1 Family1', fingerprints: 2 }] })
  const text = (await readFile(shipped, 'utf8'))
    .replace('https://aeos.example.org:8443', new URL(aeos.url).origin)
    .replace('https://biostar.example.org', biostar.url)
    .replace('02C6399DD4206AA1C893C9E33BF72896B9BEB0B49B047A271183FAEA7EC217F2', aeos.fingerprint256)
    .replace('13D7499DD4206AA1C893C9E33BF72896B9BEB0B49B047A271183FAEA7EC217F2', biostar.fingerprint256)
    .replace('/etc/gatehouse/aeos-password', './aeos-password')
    .replace('/etc/gatehouse/biostar-password', './biostar-password')
    .replace('username: gatehouse', `username: ${aeos.username}`)
    .replace('login_id: gatehouse', `login_id: ${biostar.username}`)
  const config = join(folder, 'gatehouse.yaml')
  await writeFile(config, `${text}\nhttp: { listen: 127.0.0.1:0 }\n`, { mode: 0o600 })
  await writeFile(join(folder, 'aeos-password'), aeos.password, { mode: 0o600 })
  await writeFile(join(folder, 'biostar-password'), biostar.password, { mode: 0o600 })
  const made = await runGatehouse(['init', '--config', config, '--subject', 'Test Operator One'])
  if (made.code !== 0) throw new Error(`gatehouse init ended with ${made.code}: ${made.stderr}`)
  token = (await readFile(join(folder, '.gatehouse', 'operator.token'), 'utf8')).trim()
  gateway = spawnGateway(['start', '--config', config], {}, () => undefined)
  await gateway.up
}, 120_000)

afterAll(async () => {
  process.stdout.write(figures.map(({ what, ms }) => `bridge: ${what}: read back after ${ms} ms\n`).join(''))
  await gateway.end()
  await Promise.all([aeos.close(), biostar.close()])
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

const get = <T>(path: string) => gateway.call<T>(token, path)
const post = <T>(path: string, body: unknown = reason) => gateway.call<T>(token, path, body)
const user = (number: string) => biostar.state.user(number)
const card = (number: string, badgeNumber: number) =>
  user(number)?.cards.find(({ number: shown }) => shown === cardNumber(badgeNumber))
const carrierOf = (number: string) => carriers.get(number) ?? 0
const groupsOf = (number: string) => [...(user(number)?.groups ?? [])].sort()
const alarms = async () => (await statusOf(gateway, token)).alarms.map(({ code }) => code)

async function personOf(number: string): Promise<PersonView> {
  const { id } = await post<{ id: string }>('/v1/people/find', { by: number })
  return get<PersonView>(`/v1/people/${id}`)
}

/** Makes a change at AEOS, and notes how long it took until BioStar 2 has it and it was read back. */
async function followed(what: string, number: string, change: () => unknown, isThere: () => boolean): Promise<void> {
  const begun = performance.now()
  change()
  await until(what, async () => isThere() && (await personOf(number)).accounts[0]?.settled === true, 30_000)
  figures.push({ what, ms: Math.round(performance.now() - begun) })
}

test('first contact: who is enrolled keeps their user, nothing is written before it is released, and then all is there', async () => {
  await until('everybody is known', async () => (await statusOf(gateway, token)).people.active === 12, 30_000)
  const written = () => biostar.requests.find({ path: '^/api/users' }).filter(({ method }) => method !== 'GET')
  await post('/v1/targets/biostar/match')
  await until(
    'the match is done',
    async () => (await get<MatchView>('/v1/targets/biostar/match')).state === 'done',
    30_000,
  )
  expect(await post('/v1/targets/biostar/match/adopt')).toMatchObject({ linked: 1 })
  expect(written()).toEqual([])
  await post('/v1/targets/biostar/enable')
  await until(
    'the first plans were released',
    async () => {
      const { rows } = await get<Paged<PlanView>>('/v1/plans?state=held')
      for (const { id } of rows) await post(`/v1/plans/${id}/release`)
      return [...carriers.keys()].every((number) => groupsOf(number).includes('Main Entrance'))
    },
    60_000,
  )
  expect(groupsOf('5001')).toEqual(['Main Entrance'])
  expect(groupsOf('5002')).toEqual(['Main Entrance', 'Server Room'])
  await until('every card is there', () =>
    [...carriers.keys()].every((number, i) => card(number, 101 + i)?.blocked === false),
  )
  expect(user('5001')).toMatchObject({ fingerprints: 2, disabled: false })
}, 120_000)

test('a change at AEOS is read back in BioStar 2 within five seconds', async () => {
  const blockBadge = { action: 'block-badge', badge: badge(101) } as const
  const carrier = carrierOf
  await followed(
    'a badge is blocked',
    '5001',
    () => aeos.hand(blockBadge),
    () => card('5001', 101)?.blocked === true,
  )
  await followed(
    'a badge is unblocked',
    '5001',
    () => aeos.hand({ action: 'unblock-badge', badge: badge(101) }),
    () => card('5001', 101)?.blocked === false,
  )
  await followed(
    'a badge is withdrawn',
    '5002',
    () => aeos.hand({ action: 'withdraw', carrier: carrier('5002'), badge: badge(102) }),
    () => user('5002')?.cards.length === 0,
  )
  await followed(
    'a badge is replaced',
    '5003',
    () => {
      aeos.hand({ action: 'withdraw', carrier: carrier('5003'), badge: badge(103) })
      aeos.hand({ action: 'assign', carrier: carrier('5003'), badge: badge(203) })
    },
    () => card('5003', 203)?.blocked === false && card('5003', 103) === undefined,
  )
  await followed(
    'a right is given',
    '5004',
    () => aeos.hand({ action: 'grant', carrier: carrier('5004'), template: 'Warehouse' }),
    () => groupsOf('5004').includes('Warehouse'),
  )
  await followed(
    'a right is taken',
    '5004',
    () => aeos.hand({ action: 'revoke', carrier: carrier('5004'), template: 'Main Entrance' }),
    () => !groupsOf('5004').includes('Main Entrance'),
  )
  await followed(
    'a rule takes a right',
    '5006',
    () => aeos.hand({ action: 'revoke-by-rule', carrier: carrier('5006'), template: 'Server Room' }),
    () => !groupsOf('5006').includes('Server Room'),
  )
  await followed(
    'a carrier is blocked',
    '5005',
    () => aeos.hand({ action: 'block', carrier: carrier('5005') }),
    () => user('5005')?.disabled === true,
  )
  await followed(
    'a carrier is unblocked',
    '5005',
    () => aeos.hand({ action: 'unblock', carrier: carrier('5005') }),
    () => user('5005')?.disabled === false,
  )
  await followed(
    'a leave date is now',
    '5007',
    () =>
      aeos.hand({
        action: 'change',
        carrier: carrier('5007'),
        fields: { LeaveDateTime: new Date(aeos.clock.now() - 60_000).toISOString() },
      }),
    () => user('5007')?.disabled === true,
  )
  await followed(
    'a carrier is removed',
    '5008',
    () => aeos.hand({ action: 'delete', carrier: carrier('5008') }),
    () => user('5008')?.disabled === true,
  )
  await followed(
    'somebody new comes',
    '5050',
    () =>
      aeos.hand({
        action: 'create',
        carrier: {
          lastName: 'Newcomer',
          personnelNo: '5050',
          badges: [badge(150)],
          templates: ['Main Entrance'],
        },
      }),
    () => groupsOf('5050').includes('Main Entrance') && card('5050', 150) !== undefined,
  )
  expect(figures.filter(({ ms }) => ms >= limitMs)).toEqual([])
  expect((await personOf('5008')).lockouts.map(({ cause }) => cause)).toEqual(['record'])
}, 120_000)

test('AEOS is down, for a day or, as here, for seconds: nobody is locked out by silence, and afterwards everything is right', async () => {
  aeos.faults.add({ kind: 'down' })
  await until('it is told', async () => (await alarms()).includes('source.failed'), 30_000)
  aeos.hand({ action: 'delete', carrier: carrierOf('5009') })
  aeos.hand({ action: 'block-badge', badge: badge(110) })
  aeos.hand({ action: 'grant', carrier: carrierOf('5011'), template: 'Warehouse' })
  aeos.hand({ action: 'block', carrier: carrierOf('5012') })
  const open = ['5001', '5003', '5006', '5009', '5010', '5011', '5012', '5050']
  expect(open.filter((number) => user(number)?.disabled !== false)).toEqual([])
  aeos.faults.clear()
  await until(
    'all is right again',
    () =>
      user('5009')?.disabled === true &&
      user('5012')?.disabled === true &&
      card('5010', 110)?.blocked === true &&
      groupsOf('5011').includes('Warehouse'),
    60_000,
  )
  await until('the alarm is over', async () => !(await alarms()).includes('source.failed'), 30_000)
  const left = ['5001', '5003', '5006', '5010', '5011', '5050']
  expect(left.filter((number) => user(number)?.disabled !== false)).toEqual([])
  expect((await personOf('5009')).lockouts.map(({ cause }) => cause)).toEqual(['record'])
  // The first user was enrolled all the while, and nothing was ever written into AEOS.
  expect(user('5001')?.fingerprints).toBe(2)
  const asked = new Set(aeos.requests.find({}).map(({ operation }) => operation))
  expect([...asked].filter((operation) => !/^(find|get|wsdl)/.test(operation ?? 'wsdl'))).toEqual([])
}, 120_000)
