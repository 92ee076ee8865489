/** Keys and erasure by the command line, on a gateway that is killed, stopped and started over them. */
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { erasureView } from '../../src/api/schemas/erasures.ts'
import { keysView, publicKeyView } from '../../src/api/schemas/keys.ts'
import { personView } from '../../src/api/schemas/people.ts'
import { statusView } from '../../src/api/schemas/status.ts'
import { pinnedKeys, verifyLine } from '../../src/audit/signed-line.ts'
import { type Finished, type GatewayProcess, runInProcess } from '../support/gateway-process.ts'
import { file, firstImport, isShutOut, worker, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let gateway: GatewayProcess
const rows = workers(120)
const [anybody] = rows as [(typeof rows)[0]]
const because = ['--reason', 'checked by phone']

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  gateway = await site.start()
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const cli = (...args: readonly string[]): Promise<Finished> => cliAs(site.token, ...args)
const cliAs = (token: string, ...args: readonly string[]): Promise<Finished> =>
  runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: token })

async function asJson<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]): Promise<z.output<Schema>> {
  const { code, stdout, stderr } = await cli(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return schema.parse(JSON.parse(stdout))
}

async function table(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

async function refused(code: number, words: RegExp, finished: Promise<Finished>): Promise<void> {
  const { stdout, stderr, ...rest } = await finished
  expect({ ...rest, stdout }).toEqual({ code, stdout: '' })
  expect(stderr).toMatch(words)
}

test('a person is erased only when that is confirmed, with signed statements, and let in again by name', async () => {
  const leaver = worker(70)
  await site.drop('changes-70.csv', file([leaver]))
  await until('they are here', async () => {
    const { code, stdout } = await cli('person', 'show', leaver.employeeNumber, '--json')
    return code === 0 && personView.parse(JSON.parse(stdout)).accounts.some(({ settled }) => settled)
  })
  const asked = await cli('person', 'erase', leaver.employeeNumber, ...because)
  expect([asked.code, asked.stdout]).toEqual([2, expect.stringMatching(/^- the account at hq is removed$/m)])
  expect(asked.stderr).toContain('nothing was done')
  const { erasure } = await asJson(
    z.object({ erasure: z.uuid(), lockouts: z.array(z.uuid()) }),
    ...['person', 'erase', leaver.employeeNumber, ...because, '--yes'],
  )
  const view = () => asJson(erasureView, 'erasure', 'show', erasure)
  await until('they are gone', async () => (await view()).state === 'deleted', 25_000)
  expect(await table('erasure', 'list')).toMatch(new RegExp(`^${erasure} .* deleted `, 'm'))
  expect(await table('erasure', 'show', erasure)).toMatch(/^hq +removed +\S+ \S+$/m)
  const { publicKey } = await asJson(publicKeyView, 'keys', 'public')
  const { stdout: signed } = await cli('erasure', 'show', erasure, '--signed')
  expect(verifyLine(signed, pinnedKeys(publicKey))).toMatchObject({ type: 'erasure/1', content: { erasure } })
  await refused(1, /person\.not-found/, cli('person', 'show', leaver.employeeNumber))
  await refused(3, /erasure\.done/, cli('erasure', 'sign-off', erasure, '--target', 'hq', ...because))
  await site.drop('changes-71.csv', file([{ ...leaver, title: 'Back' }]))
  await until('it is held', async () =>
    (await asJson(statusView, 'status')).alarms.some(({ code }) => code === 'person.erased-again'),
  )
  await refused(1, /person\.not-found/, cli('person', 'show', leaver.employeeNumber))
  expect(await table('person', 'unerase', leaver.employeeNumber, ...because)).toContain('the next delivery')
  await site.drop('changes-72.csv', file([{ ...leaver, title: 'Back again' }]))
  await until('they are new', () => cli('person', 'show', leaver.employeeNumber).then(({ code }) => code === 0))
})

test('keys are shown by id, never themselves, and turned over until everybody is wrapped anew', async () => {
  const before = await asJson(keysView, 'keys', 'show')
  const { epoch, left } = await asJson(
    z.object({ epoch: z.uuid(), left: z.number() }),
    ...['keys', 'rotate', ...because],
  )
  const after = await asJson(keysView, 'keys', 'show')
  expect(left).toBe(0)
  expect(after.generation).toBe(before.generation + 1)
  expect(after.epochs.map(({ id, state, people }) => [id, state, people])).toEqual([
    [before.epochs[0]?.id, 'retired', 0],
    [epoch, 'current', before.epochs[0]?.people],
  ])
  expect(await table('keys', 'show')).toMatch(new RegExp(`^${epoch} .* current +\\d+ +0 +-$`, 'm'))
  expect(await table('person', 'show', anybody.employeeNumber)).toContain(anybody.familyName)
  const operator = await asJson(
    z.object({ token: z.string() }),
    ...['token', 'create', '--name', 'Test Keyless', '--role', 'operator'],
  )
  await refused(3, /role/, cliAs(operator.token, 'keys', 'rotate', ...because))
})

test('a gateway killed over a rotation goes on with it, and shuts a leaver out meanwhile', {
  timeout: 120_000,
}, async () => {
  const before = await asJson(keysView, 'keys', 'show')
  await asJson(z.object({ epoch: z.uuid() }), 'keys', 'rotate', ...because, '--no-wait')
  await gateway.kill()
  gateway = await site.start()
  await site.drop('changes-80.csv', file([{ ...anybody, status: 'terminated' }]))
  await until('the leaver is out', () => isShutOut(site, anybody))
  await until('everybody is wrapped anew', async () => {
    const { epochs } = await asJson(keysView, 'keys', 'show')
    return epochs.filter(({ state }) => state === 'retired').every(({ people }) => people === 0)
  })
  const after = await asJson(keysView, 'keys', 'show')
  expect(after.epochs.length).toBe(before.epochs.length + 1)
  expect((await asJson(statusView, 'status')).alarms.filter(({ code }) => code === 'guard.failed')).toEqual([])
})

test('an older copy of the keyring is refused in words, and the newest one takes up where it was', {
  timeout: 120_000,
}, async () => {
  const keyring = join(site.dataPath, 'keys', 'keyring.json')
  const copy = `${keyring}.copy`
  await copyFile(keyring, copy)
  await asJson(z.object({ epoch: z.uuid() }), 'keys', 'rotate', ...because)
  expect(await gateway.stop()).toBe(0)
  const newest = `${keyring}.newest`
  await copyFile(keyring, newest)
  await copyFile(copy, keyring)
  const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
  expect([code, stderr]).toEqual([1, expect.stringContaining('[gateway.old-keyring]')])
  await copyFile(newest, keyring)
  gateway = await site.start()
  expect(await table('person', 'show', rows[5]?.employeeNumber ?? '')).toContain(rows[5]?.familyName)
  expect(await readFile(newest, 'utf8')).not.toBe(await readFile(copy, 'utf8'))
})
