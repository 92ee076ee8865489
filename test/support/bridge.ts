/** The shipped bridge as it stands at a customer's: both door systems simulated, and a gateway as a process of its own with the shipped configuration. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { type BiostarSimulator, startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { MatchView } from '../../src/api/acts/matches.ts'
import type { Paged } from '../../src/api/acts/paged.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { type GatewayProcess, runGatehouse, spawnGateway } from './gateway-process.ts'
import { statusOf } from './people.ts'
import { until } from './servers.ts'

const shipped = new URL('../../config/examples/aeos-biostar2.yaml', import.meta.url)

/** The identifier type of the shipped file: 26 bits with the facility 10. */
export const badge = (number: number) => ({ type: 4, number: String(number) })
/** The same badge as BioStar 2 counts it. */
export const cardNumber = (number: number) => String(10 * 65_536 + number)

export interface Bridge extends AsyncDisposable {
  readonly aeos: AeosSimulator
  readonly biostar: BiostarSimulator
  readonly gateway: GatewayProcess
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  /** Personnel numbers of those who were there from the start; the badge of 5001 is 101, and so on. */
  readonly numbers: readonly string[]
  /** Of those who were there from the start, by personnel number. */
  carrier(number: string): number
  /** As BioStar 2 has them now. */
  user(number: string): ReturnType<BiostarSimulator['state']['user']>
  card(number: string, badgeNumber: number): { readonly number: string; readonly blocked: boolean } | undefined
  groups(number: string): readonly string[]
  /** Whether the badge opens the main entrance: as AEOS decides, and as a reader of BioStar 2 does. */
  opens(badgeNumber: number): { readonly aeos: boolean; readonly biostar: boolean }
  person(number: string): Promise<PersonView>
  /** Whether all that is wanted of them at BioStar 2 was read back there. */
  isSettled(number: string): Promise<boolean>
  /** How many events of AEOS are in the log. */
  logged(): Promise<number>
  /** Codes of the alarms that are on. */
  alarms(): Promise<readonly string[]>
}

/** `env` is the gateway's. Twelve people work here, every other one of them holds a right by a rule of AEOS; the first is enrolled in BioStar 2. */
export async function openBridge(env: NodeJS.ProcessEnv = {}): Promise<Bridge> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bridge-'))
  await chmod(folder, 0o711)
  const latency = { medianMs: 20, p99Ms: 120 }
  const [aeos, biostar] = await Promise.all([
    startAeosSimulator({ latency }),
    startBiostarSimulator({
      levels: ['Main Entrance', 'Server Room', 'Warehouse'].map((name) => ({ name, doors: [name] })),
      latency,
      deviceDelayMs: 0,
      seed: 1,
    }),
  ])
  const carriers = new Map<string, number>()
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
  const made = await runGatehouse(['init', '--config', config, '--subject', 'Test Operator One'], env)
  if (made.code !== 0) throw new Error(`gatehouse init ended with ${made.code}: ${made.stderr}`)
  const token = (await readFile(join(folder, '.gatehouse', 'operator.token'), 'utf8')).trim()
  const gateway = spawnGateway(['start', '--config', config], env, () => undefined)
  await gateway.up
  const ids = new Map<string, string>()
  const bridge: Bridge = {
    ...{ aeos, biostar, gateway, numbers: [...carriers.keys()] },
    get: (path) => gateway.call(token, path),
    post: (path, body = { reason: 'the bridge' }) => gateway.call(token, path, body),
    carrier: (number) => carriers.get(number) ?? 0,
    user: (number) => biostar.state.user(number),
    card: (number, badgeNumber) =>
      bridge.user(number)?.cards.find(({ number: shown }) => shown === cardNumber(badgeNumber)),
    groups: (number) => [...(bridge.user(number)?.groups ?? [])].sort(),
    opens: (badgeNumber) => ({
      aeos: aeos.swipe({ badge: badge(badgeNumber), entrance: 'Front Door' }).granted,
      biostar: biostar.swipe({ card_id: cardNumber(badgeNumber), door: 'Main Entrance' }).granted,
    }),
    async person(number) {
      const id = ids.get(number) ?? (await bridge.post<{ id: string }>('/v1/people/find', { by: number })).id
      ids.set(number, id)
      return bridge.get<PersonView>(`/v1/people/${id}`)
    },
    isSettled: async (number) => (await bridge.person(number)).accounts[0]?.settled === true,
    async logged() {
      const answer = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
      const figures = (await answer.text()).matchAll(/^gatehouse_events_appended_total\{source="aeos",.*\} (\d+)$/gm)
      return [...figures].reduce((sum, [, count]) => sum + Number(count), 0)
    },
    alarms: async () => (await statusOf(gateway, token)).alarms.map(({ code }) => code),
    async [Symbol.asyncDispose]() {
      await gateway.end()
      await Promise.all([aeos.close(), biostar.close()])
      await rm(folder, { recursive: true, force: true, maxRetries: 20 })
    },
  }
  return bridge
}

/** First contact as the guide tells it, until everybody has what is theirs. */
export async function firstContact(bridge: Bridge): Promise<void> {
  const { get, post, biostar, numbers, groups, card } = bridge
  await until(
    'everybody is known',
    async () => (await get<{ people: { active: number } }>('/v1/status')).people.active === numbers.length,
    30_000,
  )
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
      return numbers.every((number) => groups(number).includes('Main Entrance'))
    },
    60_000,
  )
  await until('every card is there', () => numbers.every((number, i) => card(number, 101 + i)?.blocked === false))
}
