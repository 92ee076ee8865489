/** Punches on their way to payroll from a gateway that is a process of its own: a sealed file of the day, and a receiver that checks signatures. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageOf } from '../../src/api/route.ts'
import { deliveryView, subscriptionTestView, subscriptionView } from '../../src/api/schemas/subscriptions.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
import { firstImport, workers } from '../support/people.ts'
import { newWebhookSecret, startWebhookReceiver, type WebhookReceiver } from '../support/receivers/webhook.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let receiver: WebhookReceiver
let site: Site
let desk: Desk
let folder: string
const [worker] = workers(1)
const number = worker?.employeeNumber ?? ''
const because = ['--reason', 'for the payroll run']
const clerk = { GATEHOUSE_TOKEN_FILE: '' }

beforeAll(async () => {
  postgres = await startPostgres()
  const secret = newWebhookSecret()
  receiver = await startWebhookReceiver([secret])
  site = await openSite({ databaseUrl: postgres.url })
  folder = join(site.directory, 'payroll')
  await mkdir(folder, { mode: 0o700 })
  await writeFile(join(site.directory, 'secret'), secret, { mode: 0o600 })
  await writeFile(join(site.directory, 'ca'), receiver.ca, { mode: 0o600 })
  await site.configure((config) => {
    const reached = { url: receiver.url, allow_private: true }
    const trusted = { secret: '$'.concat('{file:./secret}'), ca: '$'.concat('{file:./ca}') }
    const files = { folder, name: 'punches', zone: 'Europe/Berlin', format: 'csv' }
    const payroll = { connector: 'file', settings: files, reveal: ['employee_number'] }
    const canteen = { connector: 'webhook', settings: { ...reached, ...trusted }, filter: 'event.kind == "in"' }
    const both = { payroll: { ...payroll, feed: 'punches' }, canteen: { ...canteen, feed: 'punches' } }
    Object.assign(config, { subscriptions: both, attendance: { zone: 'Europe/Berlin' } })
  })
  const gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, workers(1))
  const { stdout } = await desk.cli('token', 'create', '--name', 'Test Clerk', '--role', 'attendance', '--days', '1')
  clerk.GATEHOUSE_TOKEN_FILE = join(desk.folder, 'clerk')
  await writeFile(clerk.GATEHOUSE_TOKEN_FILE, stdout.match(/gh_[\w-]+/)?.[0] ?? '', { mode: 0o600 })
}, 60_000)
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await Promise.all([postgres[Symbol.asyncDispose](), receiver[Symbol.asyncDispose]()])
})

async function asClerk(...args: readonly string[]): Promise<void> {
  expect(await desk.cliWith(clerk, 'attendance', ...args, '--reason', 'told by phone')).toMatchObject({ code: 0 })
}

const show = (id: string) => desk.asJson(subscriptionView, 'subscriptions', 'show', id)
const isDone = async (id: string, n: number) => {
  const { positions } = await show(id)
  return positions.length === 1 && positions[0]?.position === n
}

test('what a clerk writes goes to payroll with the employee number, and to others with what they may have', {
  timeout: 60_000,
}, async () => {
  await asClerk('add', number, '--punch', 'in', '--at', '2026-03-02T07:00:00Z')
  await asClerk('add', number, '--punch', 'out', '--at', '2026-03-02T15:00:00Z')
  await asClerk('void', '1')
  const asked = (...args: string[]) => desk.cliWith(clerk, 'attendance', ...args)
  const { stdout: punches } = await asked('punches', number, '--from', '2026-03-02', '--to', '2026-03-02')
  expect(punches).toMatch(/^1 +\S+ +in +Test Clerk +Test Clerk +told by phone$/m)
  await refused(2, /It is a number/, asked('void', 'first', ...because))
  await refused(2, /with its zone/, asked('add', number, '--punch', 'in', '--at', '2026-03-02T07:00', ...because))
  await until('payroll has all', () => isDone('payroll', 3))
  await until('the canteen has all', () => isDone('canteen', 3))
  const [name = ''] = await readdir(folder)
  expect(name).toMatch(/^punches-\d{4}-\d\d-\d\d\.csv\.sealed\.part$/)
  expect(await readFile(join(folder, name), 'latin1')).not.toContain(number)
  const out = join(desk.folder, 'punches.csv')
  await desk.cli('subscriptions', 'open-file', 'payroll', name, '--out', out, ...because)
  // What is there may be all that somebody has.
  await refused(
    1,
    /a file already, which is not overwritten/,
    desk.cli('subscriptions', 'open-file', 'payroll', name, '--out', out, ...because),
  )
  const rows = parse<Record<string, string>>(await readFile(out, 'utf8'), { columns: true })
  expect(rows.map((row) => [row['data.person.employeeNumber'], row['data.kind'], row['data.localTime']])).toEqual([
    [number, 'in', '2026-03-02T08:00:00+01:00'],
    [number, 'out', '2026-03-02T16:00:00+01:00'],
    [number, '', '2026-03-02T08:00:00+01:00'],
  ])
  expect(rows.map((row) => row['data.voids.sequence'])).toEqual(['', '', '1'])
  await receiver.received(2)
  expect(receiver.events.map(({ type, sequence, source }) => [type, sequence, source])).toEqual([
    ['org.gatehouse.punch.in.v1', '1', expect.stringMatching(/^\/gatehouse\/[^/]+\/attendance_log$/)],
    ['org.gatehouse.punch.voided.v1', '3', expect.any(String)],
  ])
  expect(receiver.objections()).toEqual([])
  expect(JSON.stringify(receiver.events)).not.toMatch(new RegExp(`${number}|told by phone|door|card`, 'i'))
})

test('an operator sees, tries and replays it as any other', { timeout: 60_000 }, async () => {
  expect(await show('canteen')).toMatchObject({
    ...{ connector: 'webhook', feed: 'punches', reveal: [], waiting: 0, forged: false },
    positions: [{ source: 'attendance_log', position: 3, newest: 3 }],
  })
  expect(await desk.table('subscriptions', 'show', 'canteen')).toMatch(/^delivers +punches to webhook$/m)
  expect(await desk.asJson(subscriptionTestView, 'subscriptions', 'test', 'canteen')).toMatchObject({ taken: true })
  expect(await desk.table('subscriptions', 'replay', 'canteen', '--event', 'attendance_log/2', ...because)).toBe(
    '2 events once more\n',
  )
  await until('one came again', async () => receiver.duplicates() >= 1)
  await refused(
    3,
    /\[subscription\.not-delivered\]/,
    desk.cli('subscriptions', 'replay', 'canteen', '--event', 'hq/1', ...because),
  )
  await until('its place is noted', () => isDone('canteen', 3))
  expect(await desk.table('subscriptions', 'replay', 'canteen', '--from', '1h', ...because)).toBe(
    '3 events once more\n',
  )
  await until('both came again', async () => receiver.duplicates() >= 3)
  const { rows } = await desk.asJson(pageOf(deliveryView), 'deliveries', 'canteen')
  expect(rows.flatMap(({ spans }) => spans.map(({ source }) => source))).toContain('attendance_log')
  // Neither side of the wall reads the other, by a subscription as little as otherwise.
  expect(await desk.cliWith(clerk, 'subscriptions', 'list')).toMatchObject({ code: 3 })
})
