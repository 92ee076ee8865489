/** Events on their way to a receiver that checks every signature, from a gateway that is a process of its own, and what an operator sees and does. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageOf } from '../../src/api/route.ts'
import { deliveryView, subscriptionTestView, subscriptionView } from '../../src/api/schemas/subscriptions.ts'
import { appendEvents } from '../../src/events/append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from '../../src/events/events.fixture.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { readExternalKey } from '../../src/vault/external-key.ts'
import { loadKeyring } from '../../src/vault/keyring-file.ts'
import { openVault } from '../../src/vault/vault.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { newWebhookSecret, startWebhookReceiver, type WebhookReceiver } from '../support/receivers/webhook.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let receiver: WebhookReceiver
let site: Site
let gateway: GatewayProcess
let desk: Desk
let database: Database
let events: EventsBench
let appended = 0
const because = ['--reason', 'checked by phone']

beforeAll(async () => {
  postgres = await startPostgres()
  const secret = newWebhookSecret()
  receiver = await startWebhookReceiver([secret])
  site = await openSite({ databaseUrl: postgres.url })
  await writeFile(join(site.directory, 'secret'), secret, { mode: 0o600 })
  await writeFile(join(site.directory, 'ca'), receiver.ca, { mode: 0o600 })
  await site.configure((config) => {
    const settings = {
      url: receiver.url,
      secret: '$'.concat('{file:./secret}'),
      ca: '$'.concat('{file:./ca}'),
      allow_private: true,
    }
    Object.assign(config, {
      subscriptions: { siem: { connector: 'webhook', settings, from: 'start', filter: 'event.class != "door"' } },
    })
  })
  gateway = await site.start()
  const { key } = readExternalKey({ keyFile: join(site.dataPath, 'keys', 'external.key') })
  database = openDatabase({ connectionString: postgres.url }, 2)
  const vault = openVault(loadKeyring(join(site.dataPath, 'keys', 'keyring.json'), key))
  events = eventsBench(database, vault, () => new Date(), ['hq'])
})
afterAll(async () => {
  await database.close()
  await site[Symbol.asyncDispose]()
  await Promise.all([postgres[Symbol.asyncDispose](), receiver[Symbol.asyncDispose]()])
})

/** As a door system reports them. */
async function happen(count: number): Promise<void> {
  const batch = Array.from({ length: count }, () =>
    reported(accessEvent(new Date(), { account: `planted-${appended++}` })),
  )
  await appendEvents(events.context, 'hq', batchOf(batch))
}

const sequences = () => receiver.events.map((event) => Number(event.sequence))

test('every event arrives, signed, in order and without what is not revealed; a gateway that is killed goes on where it was', {
  timeout: 60_000,
}, async () => {
  await happen(600)
  await receiver.received(600)
  await happen(300)
  await gateway.kill()
  await happen(300)
  receiver.faults.next({ status: 503 })
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await receiver.received(1_200)
  expect(sequences()).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 1))
  expect(receiver.objections()).toEqual([])
  const told = JSON.stringify(receiver.events)
  expect(told).toContain('Front door')
  expect(told).not.toContain('planted')
})

test('an operator sees how it fares, tries it, stops it, lets it go on, and has it done once more', async () => {
  const shown = await until('it is done', async () => {
    const view = await desk.asJson(subscriptionView, 'subscriptions', 'show', 'siem')
    return view.waiting === 0 ? view : null
  })
  expect(shown).toMatchObject({
    state: 'enabled',
    forged: false,
    failing: null,
    positions: [{ source: 'hq', position: appended }],
  })
  expect(await desk.table('subscriptions', 'list')).toMatch(/^siem +webhook +ok +0 +\S+ \S+Z$/m)
  expect(await desk.table('subscriptions', 'show', 'siem')).toMatch(new RegExp(`^hq +${appended} +${appended}$`, 'm'))
  expect(await desk.table('status')).toMatch(/^siem +0 +ok$/m)

  expect(await desk.asJson(subscriptionTestView, 'subscriptions', 'test', 'siem')).toMatchObject({
    taken: true,
    status: 204,
  })
  receiver.faults.next({ status: 503 })
  const failed = await desk.cli('subscriptions', 'test', 'siem')
  expect(failed).toMatchObject({ code: 5, stdout: expect.stringMatching(/^not taken: \S+, after \d+ ms$/m) })

  expect(await desk.table('subscriptions', 'disable', 'siem', ...because)).toBe('siem disabled\n')
  await refused(3, /\[subscription\.disabled\]/, desk.cli('subscriptions', 'disable', 'siem', ...because))
  expect(await desk.table('subscriptions', 'show', 'siem')).toMatch(/^because +subscription\.by-hand$/m)
  const before = receiver.events.length
  await desk.table('subscriptions', 'enable', 'siem', ...because)
  await happen(5)
  await receiver.received(before + 5)

  const isDone = async () => (await desk.asJson(subscriptionView, 'subscriptions', 'show', 'siem')).waiting === 0
  await until('its place is noted', isDone)
  const duplicates = receiver.duplicates()
  expect(await desk.table('subscriptions', 'replay', 'siem', '--event', `hq/${appended - 9}`, ...because)).toBe(
    '10 events once more\n',
  )
  await until('they came again', async () => receiver.duplicates() >= duplicates + 10)
  await until('its place is noted again', isDone)
  expect(await desk.table('subscriptions', 'replay', 'siem', '--from', '1h', ...because)).toBe(
    `${appended} events once more\n`,
  )
  await until('all came again', async () => receiver.duplicates() >= duplicates + 10 + appended)
  await refused(
    3,
    /\[subscription\.not-delivered\]/,
    desk.cli('subscriptions', 'replay', 'siem', '--event', 'labs/3', ...because),
  )
  await refused(2, /give either --from or --event/, desk.cli('subscriptions', 'replay', 'siem', ...because))
  await refused(
    2,
    /--from takes a time/,
    desk.cli('subscriptions', 'replay', 'siem', '--from', 'yesterday', ...because),
  )
  await refused(
    2,
    /--event takes a system and a sequence/,
    desk.cli('subscriptions', 'replay', 'siem', '--event', '7', ...because),
  )
  await refused(1, /\[subscription\.unknown\]/, desk.cli('subscriptions', 'enable', 'nowhere', ...because))

  const page = await desk.asJson(pageOf(deliveryView), 'deliveries', 'siem', '--limit', '200')
  expect(page.rows.filter(({ outcome }) => outcome === 'test').map(({ code }) => code === null)).toEqual([false, true])
  expect(page.rows.some(({ outcome, attempt }) => outcome === 'failed' && attempt === 1)).toBe(true)
  expect((await desk.cli('deliveries', 'siem', '--limit', '3')).stdout).toMatch(
    /^\S+ \S+Z +taken +\d+ +\d+ +0 +1 +204 +\d+ +hq \d+-\d+$/m,
  )
  const { stdout: trail } = await desk.cli('audit', 'export')
  for (const action of ['enabled', 'disabled', 'replayed', 'tested']) expect(trail).toContain(`subscription.${action}`)
})
