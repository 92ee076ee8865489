/** The sentence of 2019, 'change the fingerprints of existing accounts to their own', against a running gateway and a simulated BioStar 2: noticed, shut, and opened by two people only. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { pageOf } from '../../src/api/route.ts'
import { alarmView } from '../../src/api/schemas/alarms.ts'
import { lockoutView } from '../../src/api/schemas/lockouts.ts'
import { statusView } from '../../src/api/schemas/status.ts'
import { enrolmentView, suspensionView } from '../../src/api/schemas/suspensions.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
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
const victim = rows[0] ?? worker(0)
const because = ['--reason', 'she stood before me']

beforeAll(async () => {
  clock = await openMovedClock()
  site = await openSite({ clock })
  await site.configure(({ targets }) => Object.assign(targets.hq, { events: {}, guard: { unexpected: 'suspend' } }))
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await clock[Symbol.asyncDispose]()
})

const suspensions = async (...args: readonly string[]) =>
  (await desk.asJson(pageOf(suspensionView), 'suspensions', 'list', ...args)).rows
/** Whether the log tells of such an event since then, and was looked through to its end. */
async function isLookedAt(type: string, since: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: clock.env.DATABASE_URL })
  await client.connect()
  try {
    const { rowCount } = await client.query(
      `select from gatehouse.event_guard g join gatehouse.event_source s using (source)
        where g.position = s.position and exists (select from gatehouse.event where type = $1 and received_at >= $2)`,
      [type, since],
    )
    return rowCount === 1
  } finally {
    await client.end()
  }
}

const finger = { user: victim.employeeNumber, credential: 'fingerprint' } as const

test('a finger that is swapped at the console shuts the account within seconds; one who approves twice opens nothing, a second one does', async () => {
  const second = await desk.asJson(
    z.object({ token: z.string() }),
    ...['token', 'create', '--name', 'Second Desk', '--role', 'operator'],
  )
  // What Gatehouse itself wrote just now is told by readers for a moment: behind it comes an event of a code that nobody knows.
  site.simulator.emit({ code: 60_001, door: 'Main entrance' })
  await until('the import was looked at', () => isLookedAt('other', new Date(0).toISOString()))
  expect((await desk.asJson(statusView, 'status')).events).toEqual([
    { source: 'hq', heardAt: expect.any(String), clockMs: expect.any(Number) },
  ])
  await clock.advance(60_000, site.simulator.clock)
  // Enrolled while somebody had said that it would be; it ends by itself.
  const window = await desk.asJson(
    enrolmentView,
    ...['enrolment', 'open', victim.employeeNumber, '--for', '10m', ...because],
  )
  site.simulator.hand({ action: 'enrol', ...finger })
  expect(await desk.table('enrolment', 'list', '--all')).toContain(window.id)
  await until('it was looked at', () => isLookedAt('credential.changed', window.openedAt))
  await clock.advance(11 * 60_000, site.simulator.clock)
  expect([isIn(site, victim), await suspensions()]).toEqual([true, []])

  site.simulator.hand({ action: 'swap', ...finger })
  await until('the account is shut at the door system', () => isShutOut(site, victim), 20_000)
  const [found] = await suspensions()
  expect(found?.cause).toBe('event')
  const id = found?.id ?? ''
  const [lockout] = await until('it is proven', async () => {
    const page = await desk.asJson(pageOf(lockoutView), 'lockouts', 'list', '--state', 'proven')
    const own = page.rows.filter(({ account }) => account === found?.account)
    return own.length > 0 ? own : null
  })
  expect(lockout).toMatchObject({ cause: 'suspended', proof: 'read-back' })
  const alarms = await desk.asJson(z.array(alarmView), 'alarms')
  expect(alarms).toContainEqual(
    expect.objectContaining({ code: 'credential.changed_unexpectedly', scope: found?.account }),
  )

  const person = () => desk.table('person', 'show', victim.employeeNumber)
  expect(await person()).toContain(`gatehouse suspensions show ${id}, then two different people approve`)

  // Not by unlocking, and not twice by one.
  await desk.table('person', 'unlock', victim.employeeNumber, ...because)
  expect(await desk.table('suspensions', 'approve', id, ...because)).toMatch(/one more, other, person/)
  await refused(
    3,
    /twice by one is once.*\[suspension\.approved-already\]/,
    desk.cli('suspensions', 'approve', id, ...because),
  )
  expect(isShutOut(site, victim)).toBe(true)
  expect(await desk.table('suspensions', 'show', id)).toMatch(
    /^approved .+ by Test Operator One: she stood before me$/m,
  )
  const as = { GATEHOUSE_TOKEN: second.token }
  await refused(3, /\[api\.forbidden\]/, desk.cliWith(as, 'suspensions', 'release', id, ...because))
  expect((await desk.cliWith(as, 'suspensions', 'approve', id, ...because)).stdout).toBe(
    'approved by two people: lifted\n',
  )
  await until('the account is open again', () => isIn(site, victim), 20_000)
  expect(await suspensions('--all')).toContainEqual(expect.objectContaining({ id, state: 'lifted' }))
  expect(await person()).not.toContain('suspended since')
  await refused(3, /\[suspension\.over\]/, desk.cli('suspensions', 'approve', id, ...because))
  await refused(
    2,
    /\[enrolment\.too-long\]/,
    desk.cli('enrolment', 'open', victim.employeeNumber, '--for', '9h', ...because),
  )
}, 90_000)

test('protected people are shut by name; a door that is forced is an alarm until it is over', async () => {
  const guarded = rows[2] ?? worker(2)
  await desk.table('person', 'protect', guarded.employeeNumber, ...because)
  site.simulator.hand({ action: 'enrol', user: guarded.employeeNumber, credential: 'fingerprint' })
  const [waiting] = await until('it waits', async () => {
    const found = (await suspensions()).filter(({ state }) => state === 'waits')
    return found.length > 0 ? found : null
  })
  expect(isIn(site, guarded)).toBe(true)
  expect(await desk.table('suspensions', 'list')).toMatch(/waits \(protected\)/)
  expect(await desk.table('person', 'show', guarded.employeeNumber)).toMatch(/^suspended not yet: .*\n.* release /m)
  expect(await desk.table('suspensions', 'release', waiting?.id ?? '', ...because)).toMatch(/^it is shut: lock-out /)
  await until('it is shut', () => isShutOut(site, guarded), 20_000)
  expect(await desk.table('suspensions', 'keep', waiting?.id ?? '', ...because)).toBe('it stays shut\n')
  expect(await desk.table('suspensions', 'list')).toMatch(/kept shut/)
  const open = ['enrolment', 'open', guarded.employeeNumber, '--for', '10m', ...because]
  const { id } = await desk.asJson(enrolmentView, ...open)
  expect(await desk.table('enrolment', 'close', id, ...because)).toBe('closed\n')
  expect((await desk.asJson(pageOf(enrolmentView), 'enrolment', 'list')).rows).toEqual([])

  const codes = async () => (await desk.asJson(z.array(alarmView), 'alarms')).map(({ code }) => code)
  site.simulator.emit({ code: 21504, door: 'Main entrance' })
  await until('the alarm is on', async () => (await codes()).includes('door.forced'))
  site.simulator.emit({ code: 21760, door: 'Main entrance' })
  await until('another one is on', async () => (await codes()).includes('door.held'))
}, 60_000)
