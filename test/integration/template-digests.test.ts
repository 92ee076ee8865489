/** A finger that is swapped in the database of BioStar 2 itself, where nothing tells of it: not noticed, until somebody has keyed digests of templates made and says on what basis. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { pageOf } from '../../src/api/route.ts'
import { enrolmentView, suspensionView } from '../../src/api/schemas/suspensions.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { configurable } from '../../src/main/connections.ts'
import { openConfiguredVault } from '../../src/main/open-vault.ts'
import { templateDigester } from '../../src/main/template-digests.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { Vault, WrappedKey } from '../../src/vault/vault.ts'
import { countedProposal, releaseProposal } from '../support/configuration.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { type MovedClock, openMovedClock } from '../support/moved-clock.ts'
import { firstImport, isIn, isShutOut, worker, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let clock: MovedClock
let site: Site
let gateway: GatewayProcess
let desk: Desk
const rows = workers(3)
const [first = worker(0), second = worker(1), third = worker(2)] = rows
const because = ['--reason', 'their fingers are enrolled']
const basis = 'Art. 9(2)(b) GDPR, works agreement of 2026-03-01 on access control, section 7'

beforeAll(async () => {
  clock = await openMovedClock()
  site = await openSite({ clock })
  await site.configure(({ targets }) =>
    Object.assign(targets.hq, { guard: { unexpected: 'suspend' }, sweep_every: '1m', deep_sweep_every: '10m' }),
  )
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, rows)
  // Until nothing of the import can be on its way any more: a window begins with a look at the account.
  await readAll()
  await clock.advance(10 * 60_000, site.simulator.clock)
  for (const { employeeNumber } of rows) {
    await desk.asJson(enrolmentView, 'enrolment', 'open', employeeNumber, '--for', '10m', ...because)
    site.simulator.hand({ action: 'enrol', user: employeeNumber, credential: 'fingerprint' })
    site.simulator.hand({ action: 'enrol', user: employeeNumber, credential: 'visual-face' })
  }
  await readAll(2)
  await clock.advance(60 * 60_000, site.simulator.clock)
  await readAll(2)
}, 120_000)
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await clock[Symbol.asyncDispose]()
})

/** Until each account was read singly so often, by deep sweeps. */
async function readAll(times = 1, of = rows): Promise<void> {
  const from = site.simulator.requests.count
  const reads = ({ employeeNumber }: typeof first) =>
    site.simulator.requests.find({ method: 'GET', path: `/api/users/${employeeNumber}` }).filter(({ n }) => n > from)
  await passUntil('all were read', () => of.every((row) => reads(row).length >= times))
}

async function passUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      if (await isSo()) return true
      await clock.advance(40_000, site.simulator.clock)
      return false
    },
    60_000,
  )
}

/** In the database of the door system. */
const swap = ({ employeeNumber: user }: typeof first) =>
  site.simulator.hand({ action: 'swap', user, credential: 'fingerprint', unseen: true })

const suspensions = async () =>
  (await desk.asJson(pageOf(suspensionView), 'suspensions', 'list')).rows.map(({ cause, state }) => [cause, state])

/** What a single record shows of fingers and faces now, to whoever has the password. */
async function templatesOf({ employeeNumber }: typeof first): Promise<readonly string[]> {
  const { url: origin, fingerprint256, username, password } = site.simulator
  const egress = openEgress({ origin, fingerprint256, concurrency: 1, requestsPerSecond: 100, requestTimeoutMs: 5_000 })
  const { signal } = new AbortController()
  const headers = { 'content-type': 'application/json' }
  try {
    const body = JSON.stringify({ User: { login_id: username, password } })
    const login = await egress.http.request({ method: 'POST', path: '/api/login', headers, body }, signal)
    const session = { 'bs-session-id': String(login.headers['bs-session-id']) }
    const path = `/api/users/${employeeNumber}`
    const { text } = await egress.http.request({ method: 'GET', path, headers: session }, signal)
    return text.match(/[A-Za-z0-9+/]{600,}={0,2}/g) ?? []
  } finally {
    await egress.close()
  }
}

async function openKeys(): Promise<Vault> {
  const config = await loadConfig(site.configPath, { env: clock.env, connectors: configurable })
  return openConfiguredVault(config, createLog({ level: 'error' }), true).vault
}

/** What is noted of the fingers and faces of this account, by whoever has the keys. */
async function notedOf(row: typeof first): Promise<unknown> {
  const vault = await openKeys()
  const client = new pg.Client({ connectionString: clock.env.DATABASE_URL, options: '-c search_path=gatehouse' })
  await client.connect()
  try {
    const { rows: found } = await client.query<WrappedKey & { account: string; actual: Buffer; version: number }>(
      `select a.id as account, a.actual, a.actual_version as version, k.id, k.epoch, k.wrapped, k.former
         from account a join person_key k on k.id = a.key_id where a.target = 'hq' and a.actual is not null`,
    )
    const opened = found.map(({ account, actual, version, ...key }) => {
      const place = { table: 'account', column: 'actual', row: account, version }
      return JSON.parse(vault.open(vault.unwrap(key), place, actual))
    })
    return opened.find((each) => each?.externalId === row.employeeNumber)?.marks
  } finally {
    await client.end()
  }
}

/** How often what must be nowhere in clear stands in a file of the store, or in what a gateway said; and what stands there in clear, to prove that it is looked for. */
async function found(needles: readonly (string | Buffer)[]): Promise<number> {
  const client = new pg.Client({ connectionString: clock.env.DATABASE_URL })
  await client.connect()
  await client.query('checkpoint')
  const { rows: shown } = await client.query<{ data_directory: string }>('show data_directory')
  await client.end()
  const folders = [shown[0]?.data_directory ?? '', site.dataPath]
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).flatMap((entry) =>
        entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
      ),
    ),
  )
  let times = 0
  const count = (bytes: Buffer): void => {
    times += needles.filter((needle) => bytes.includes(needle)).length
  }
  for (const path of files.flat()) {
    // PostgreSQL makes and drops files of its own meanwhile.
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return null
    })
    if (bytes !== null) count(bytes)
  }
  count(Buffer.from(site.said.join('')))
  return times
}

test('without a word in the configuration it is not noticed, and no digest is made', async () => {
  expect(await suspensions()).toEqual([])
  swap(first)
  await readAll(2)
  expect([await suspensions(), isIn(site, first)]).toEqual([[], true])
  expect(await notedOf(first)).toEqual({ fingers: 1, faces: 1, mobiles: 0, revision: expect.any(String) })
  expect(await desk.table('config', 'show')).not.toMatch(/digest/)
}, 90_000)

test('asked for with a basis that somebody released, the next swap shuts the account, and what was swapped before is not known', async () => {
  const refused = (await site.gatehouse(['check', '--config', site.configPath])).stdout
  expect(refused).not.toContain('template digests')
  await site.configure(({ targets }) =>
    Object.assign(targets.hq, { guard: { unexpected: 'suspend', template_digests: { legal_basis: 'no' } } }),
  )
  expect((await site.gatehouse(['check', '--config', site.configPath])).stdout).toMatch(
    /template_digests\.legal_basis\s+expected at least 10 characters/,
  )
  await site.configure(({ targets }) =>
    Object.assign(targets.hq, { guard: { unexpected: 'suspend', template_digests: { legal_basis: basis } } }),
  )
  await desk.table('config', 'propose')
  const { notes } = await countedProposal(gateway, site.token)
  expect(notes).toEqual([
    `targets.hq.guard: from the release on, templates of fingers and faces are read there, for keyed digests of them. Legal basis: ${basis}`,
  ])
  await releaseProposal(gateway, site.token)
  expect((await desk.table('config', 'show')).replaceAll(/\s+/g, ' ')).toContain(
    `Keyed digests of templates are made of accounts at hq. Legal basis: ${basis}`,
  )
  expect((await site.gatehouse(['check', '--config', site.configPath])).stdout.replaceAll(/\s+/g, ' ')).toContain(
    `template digests of hq made; legal basis: ${basis}`,
  )
  const { rows: entries } = await gateway.call<{ rows: { action: string; details: unknown }[] }>(
    site.token,
    '/v1/audit?limit=500',
  )
  expect(entries.filter(({ action }) => action === 'config.released').map(({ details }) => details)).toEqual([
    expect.not.objectContaining({ templateDigests: expect.anything() }),
    expect.objectContaining({ number: 2, templateDigests: { hq: basis } }),
  ])

  await readAll(2)
  expect(await suspensions()).toEqual([])
  swap(second)
  await passUntil('the account is shut at the door system', () => isShutOut(site, second))
  expect([await suspensions(), isIn(site, first), isIn(site, third)]).toEqual([[['biometrics', 'shut']], true, true])
}, 120_000)

test('the digest is noted under the key of the person alone, and neither it nor a template is anywhere in clear', async () => {
  const templates = await templatesOf(third)
  expect(templates).toHaveLength(5)
  const [digest] = templateDigester(await openKeys(), 'hq')(
    third.employeeNumber,
    templates.map((each) => Buffer.from(each)),
  )
  expect(await notedOf(third)).toMatchObject({ fingers: 1, faces: 1, templates: [digest] })
  const bytes = Buffer.from(digest, 'base64url')
  const hidden = templates.flatMap((each) => [each.slice(0, 40), Buffer.from(each, 'base64').subarray(0, 24)])
  expect(await found([...hidden, digest, bytes, bytes.toString('hex')])).toBe(0)
  expect(await found(['credential.changed_unexpectedly'])).toBeGreaterThan(0)
  for (const path of [`/v1/people?number=${third.employeeNumber}`, '/v1/configuration', '/v1/suspensions'])
    expect(JSON.stringify(await gateway.call(site.token, path).catch(String))).not.toContain(digest)
  expect(await desk.cli('person', 'show', third.employeeNumber, '--json')).toMatchObject({
    code: 0,
    stdout: expect.not.stringMatching(new RegExp(`${digest}|templates`)),
  })
}, 60_000)

test('it is gone with the erasure of the person', async () => {
  expect(await notedTemplates(first)).toHaveLength(1)
  const erased = await desk.cli('person', 'erase', first.employeeNumber, ...because, '--yes')
  expect(erased).toMatchObject({ code: 0 })
  await passUntil('they are gone', async () => (await notedOf(first)) === undefined)
}, 60_000)

test('keys that are replaced look like no swap, and hide none', async () => {
  const [before] = await notedTemplates(third)
  await gateway.stop()
  const { code, stderr } = await site.gatehouse([
    ...['keys', 'rotate', '--compromised', '--config', site.configPath, '--subject', 'Test Operator One'],
    ...['--reason', 'a disk was stolen', '--yes'],
  ])
  expect([code, stderr]).toEqual([0, expect.anything()])
  gateway = await site.start()
  await readAll(2, [second, third])
  const [now, ...older] = await notedTemplates(third)
  expect([now === before, older, isIn(site, third)]).toEqual([false, [before], true])
  swap(third)
  await passUntil('the account is shut at the door system', () => isShutOut(site, third))
}, 120_000)

async function notedTemplates(row: typeof first): Promise<readonly string[]> {
  return ((await notedOf(row)) as { templates?: readonly string[] }).templates ?? []
}
