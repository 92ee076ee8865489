/** How far a source and a brake are trusted, as an operator meets it at the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { sourceView } from '../../src/api/schemas/sources.ts'
import { type Finished, type GatewayProcess, runInProcess } from '../support/gateway-process.ts'
import { file, firstImport, isShutOut, withMoreColumns, worker, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let gateway: GatewayProcess
const rows = workers(8)
const [anybody] = rows as [(typeof rows)[0]]
const because = ['--reason', 'checked by phone']

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  await site.configure((config) =>
    Object.assign(config.sources.hr, { brakes: { lockout_record: { min: 1, percent: 0 } } }),
  )
  gateway = await site.start()
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const cli = (...args: readonly string[]): Promise<Finished> =>
  runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: site.token })

async function table(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
  return stdout
}

async function asJson<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]): Promise<z.output<Schema>> {
  return schema.parse(JSON.parse(await table(...args, '--json')))
}

async function refused(code: number, words: RegExp, finished: Promise<Finished>): Promise<void> {
  const { stdout, stderr, ...rest } = await finished
  expect({ ...rest, stdout }).toEqual({ code, stdout: '' })
  expect(stderr).toMatch(words)
}

test('a source above its limit of leavers is suspect: what to do is said, and clearing it lets them run', async () => {
  expect(await table('source', 'show', 'hr')).toMatch(/^Deliveries/)
  await refused(3, /\[source\.not-suspect\]/, cli('source', 'clear', 'hr', ...because))
  const leaving = rows.slice(5, 7).map((row) => ({ ...row, status: 'terminated' as const }))
  await site.drop('changes-62.csv', file(leaving))
  await until('it is suspect', async () => (await asJson(sourceView, 'source', 'show', 'hr')).standing.suspectSince)
  const screen = await table('source', 'show', 'hr')
  expect(screen).toMatch(/^Suspect since \S+ \S+: 1 person locked out within the hour, 1 wait\.$/m)
  expect(screen).toContain('gatehouse source clear hr --reason "..."')
  expect(await table('status')).toMatch(/^source\.suspect +hr, /m)
  expect(await table('source', 'clear', 'hr', ...because)).toBe('cleared; 1 person locked out\n')
  await until('both are out', () => leaving.every((row) => isShutOut(site, row)))
})

test('a file whose columns moved is left where it is until somebody accepts them', async () => {
  await site.drop('changes-63.csv', withMoreColumns([worker(68)]))
  await until('it is noticed', async () => (await asJson(sourceView, 'source', 'show', 'hr')).standing.columnsMoved)
  const screen = await table('source', 'show', 'hr')
  expect(screen).toMatch(/^A delivery is not read, for its columns are others than before\.$/m)
  expect(screen).toMatch(/^\S+ \S+ +delta +columns-moved /m)
  expect(await table('source', 'accept', 'hr', ...because)).toBe('accepted: it is read within seconds\n')
  await until(
    'it is read',
    async () => (await asJson(sourceView, 'source', 'show', 'hr')).deliveries[0]?.outcome === 'taken',
  )
  await refused(3, /\[source\.nothing-to-accept\]/, cli('source', 'accept', 'hr', ...because))
  await site.drop('changes-64.csv', file([worker(68)]))
  await until('it is noticed', async () => (await asJson(sourceView, 'source', 'show', 'hr')).standing.columnsMoved)
  await table('source', 'accept', 'hr', ...because)
})

test('a person is protected and protected no longer, and shown so', async () => {
  expect(await table('person', 'protect', anybody.employeeNumber, ...because)).toMatch(/^protected: a lost card/)
  expect(await table('person', 'show', anybody.employeeNumber)).toContain(': active, protected\n')
  expect(await table('person', 'unprotect', anybody.employeeNumber, ...because)).toBe('no longer protected\n')
  expect(await table('person', 'show', anybody.employeeNumber)).toContain(': active\n')
})
