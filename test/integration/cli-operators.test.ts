/** What operators do from the command line when something is wrong: stop, look into failures, alarms and frozen rows, and go on. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { pageOf } from '../../src/api/route.ts'
import { alarmView } from '../../src/api/schemas/alarms.ts'
import { failureView } from '../../src/api/schemas/failures.ts'
import { personView } from '../../src/api/schemas/people.ts'
import { type Finished, type GatewayProcess, runInProcess } from '../support/gateway-process.ts'
import { firstImport, isShutOut, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let gateway: GatewayProcess
const rows = workers(6)
const because = ['--reason', 'checked by phone']

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  gateway = await site.start()
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

const cli = (...args: readonly string[]): Promise<Finished> =>
  runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: site.token })

async function asJson<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]): Promise<z.output<Schema>> {
  const { code, stdout, stderr } = await cli(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return schema.parse(JSON.parse(stdout))
}

/** What a person sees: it ended well, and no line overflows. */
async function table(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
  return stdout
}

async function refused(code: number, words: RegExp, finished: Promise<Finished>): Promise<void> {
  const { stdout, stderr, ...rest } = await finished
  expect({ ...rest, stdout }).toEqual({ code, stdout: '' })
  expect(stderr).toMatch(words)
}

/** With the rights of whoever owns the database server. */
async function asOwner<T>(work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client(postgres.admin)
  await owner.connect()
  try {
    return await work(owner)
  } finally {
    await owner.end()
  }
}

test('freeze stops all but lock-outs, everywhere or at a target, and status and alarms say so', async () => {
  expect(await table('freeze', ...because)).toBe('everything frozen\n')
  expect(await table('freeze', 'hq', ...because)).toBe('hq frozen\n')
  expect(await table('status')).toMatch(/^Everything but lock-outs is frozen for \d+ s: gatehouse unfreeze$/m)
  expect(await table('status')).toMatch(/^ {2}hq: frozen for \d+ s$/m)
  const screen = await table('alarms')
  expect(screen).toMatch(/^gateway\.frozen +\* +\d+ +\S+ \S+ +-$/m)
  expect(screen).toMatch(/^target\.frozen +hq +\d+ +\S+ \S+ +-$/m)
  expect(screen).toMatch(/^target\.frozen\n {2}gatehouse unfreeze with its id/m)
  expect(await table('unfreeze', 'hq', ...because)).toBe('hq not frozen any more\n')
  expect(
    await asJson(z.object({ target: z.null(), state: z.literal('unfrozen') }), 'unfreeze', ...because),
  ).toBeDefined()
  const left = await asJson(z.array(alarmView), 'alarms')
  expect(left.filter(({ code }) => code.endsWith('.frozen'))).toEqual([])
  const over = (await asJson(z.array(alarmView), 'alarms', '--all')).filter(({ clearedAt }) => clearedAt !== null)
  expect(over.map(({ code }) => code)).toEqual(expect.arrayContaining(['target.frozen', 'gateway.frozen']))
  await refused(1, /\[target\.unknown\]/, cli('freeze', 'nowhere', ...because))
})

test('what was refused is listed with what to do, tried again, and signed off; a lock-out is signed off by another name', async () => {
  expect(await asJson(pageOf(failureView), 'failures', 'list')).toEqual({ rows: [], next: null })
  expect(await table('failures', 'list', 'hq')).toBe('none\n')
  const id = await asOwner(async (owner) => {
    const {
      rows: [account],
    } = await owner.query<{ id: string }>(
      `update gatehouse.account set failures = '{"level:x":{"kind":"rejected","code":"made.up"}}'
        where id = (select id from gatehouse.account where desired::jsonb ->> 'lock' = 'open' and id not in (select account_id from gatehouse.account_work) limit 1) returning id`,
    )
    return account?.id ?? ''
  })
  const screen = await table('failures', 'list')
  expect(screen).toMatch(new RegExp(`^${id} +hq +level +made\\.up +refused +0 +-$`, 'm'))
  expect(screen).toMatch(/^rejected\n {2}The door system will not take it as it is/m)
  expect(await table('failures', 'retry', '--all', '--target', 'hq', ...because)).toBe('1 account tried again\n')
  await until('it is mended', async () => (await asJson(pageOf(failureView), 'failures', 'list')).rows.length === 0)
  await refused(1, /\[failure\.unknown\]/, cli('failures', 'retry', id, ...because))
  await refused(1, /\[failure\.unknown\]/, cli('failures', 'discard', id, ...because))
  await refused(2, /name an account, or --all/, cli('failures', 'retry', ...because))
  await refused(2, /name an account, or --all/, cli('failures', 'retry', id, '--all', ...because))
  await refused(1, /\[lockout\.unknown\]/, cli('lockout', 'sign-off', id, ...because))
})

test('whom nobody can trust any row of is listed by id, and thawed: locked, until somebody lets them in', async () => {
  expect(await table('frozen', 'list')).toBe('none\n')
  const { id } = await asJson(personView, 'person', 'show', rows[5]?.employeeNumber ?? '')
  await asOwner(async (owner) => {
    await owner.query('update gatehouse.person set protected = true where id = $1', [id])
    await owner.query(`insert into gatehouse.alarm (code, scope) values ('guard.failed', $1)`, [id])
  })
  expect(await table('frozen', 'list')).toMatch(new RegExp(`^${id} +0 +\\S+ \\S+$`, 'm'))
  await refused(3, /\[person\.frozen\]/, cli('person', 'lock', id, ...because))
  const screen = await table('frozen', 'thaw', id, ...because)
  expect(screen).toMatch(/^locked everywhere, 1 to be proven$/m)
  expect(screen).toMatch(/^accounts closed +0$/m)
  expect(screen).toContain(`gatehouse person unlock ${id}`)
  await refused(3, /\[frozen\.nothing\]/, cli('frozen', 'thaw', id, ...because))
  await refused(2, /name the person by id/, cli('frozen', 'thaw', '4711', ...because))
  await until('they are out', () => isShutOut(site, rows[5] as (typeof rows)[0]))
  expect((await cli('person', 'unlock', id, ...because, '--hours', '1')).code).toBe(0)
  await until('they are in', () => !isShutOut(site, rows[5] as (typeof rows)[0]))
})

test('an alarm ends with its cause; of what has none a person says by name that they looked into it', async () => {
  await asOwner((owner) => owner.query(`insert into gatehouse.alarm (code, scope) values ('guard.failed', 'made-up')`))
  expect(await table('alarms', 'clear', 'guard.failed', 'made-up', ...because)).toBe('cleared\n')
  await refused(1, /\[alarm\.not-on\]/, cli('alarms', 'clear', 'guard.failed', 'made-up', ...because))
  await refused(2, /\[alarm\.ends-itself\]/, cli('alarms', 'clear', 'plan.held', 'policy', ...because))
  await refused(3, /\[alarm\.no-webhook\]/, cli('alarms', 'test'))
})
