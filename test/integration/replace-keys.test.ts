/** `gatehouse keys rotate --compromised` as operators run it: while nothing runs, killed at bad moments, and with a new external key. */

import { randomBytes } from 'node:crypto'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeysView } from '../../src/api/acts/keys.ts'
import type { ReplaceKeysResult } from '../../src/cli/local.ts'
import type { Finished, GatewayProcess } from '../support/gateway-process.ts'
import { file, firstImport, isIn, isShutOut, statusOf, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let admin: pg.Client
const rows = workers(40)
const [leaver, other] = rows as [(typeof rows)[0], (typeof rows)[0]]

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  admin = new pg.Client({ ...postgres.admin, options: '-c search_path=gatehouse' })
  await admin.connect()
  await whileRunning(async (gateway) => firstImport(site, gateway, rows))
}, 120_000)
afterAll(async () => {
  await admin.end()
  await site[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

async function whileRunning<T>(work: (gateway: GatewayProcess) => Promise<T>): Promise<T> {
  const gateway = await site.start()
  try {
    return await work(gateway)
  } finally {
    await gateway.stop()
  }
}

const command = (...more: readonly string[]): string[] => [
  ...['keys', 'rotate', '--compromised', '--config', site.configPath, '--subject', 'Test Operator One'],
  ...['--reason', 'a disk was stolen', ...more],
]
const replace = (...more: readonly string[]): Promise<Finished> => site.gatehouse(command(...more))
const tokenNow = async () => (await readFile(join(site.dataPath, 'operator.token'), 'utf8')).trim()
const keySet = async (gateway: GatewayProcess, token: string) =>
  (await gateway.call<KeysView>(token, '/v1/keys')).keys.find(({ purpose }) => purpose === 'guard')?.id
const hasNext = () =>
  readFile(join(site.dataPath, 'keys', 'keyring.json.next')).then(
    () => true,
    () => false,
  )

/** Runs the command, and kills it while PostgreSQL sleeps at this moment. */
async function killedDuring(table: string, moment: string): Promise<void> {
  await admin.query(
    `create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return null; end $$`,
  )
  await admin.query(
    `create constraint trigger dawdle after insert on ${table} ${moment} for each row execute function dawdle()`,
  )
  try {
    const sleeping = async () =>
      (await admin.query(`select from pg_stat_activity where wait_event = 'PgSleep'`)).rowCount === 1
    await site.killed(command('--yes'), () => until('it sleeps', sleeping, 30_000))
    await until('PostgreSQL has done with it', async () => !(await sleeping()))
  } finally {
    await until('PostgreSQL lets go', () =>
      admin.query(`drop trigger if exists dawdle on ${table}; drop function if exists dawdle()`).then(
        () => true,
        () => false,
      ),
    )
  }
}

describe('keys that somebody else may have', { timeout: 120_000 }, () => {
  test('are not replaced while a process of the gateway runs', async () => {
    await whileRunning(async () => {
      const { code, stdout, stderr } = await replace('--yes')
      expect([code, stdout]).toEqual([3, ''])
      expect(stderr).toContain('stop it first')
    })
  })

  test('are not replaced without a word: what would happen is told, and nothing done', async () => {
    const { code, stdout, stderr } = await replace()
    expect(code).toBe(2)
    expect(stdout).toMatch(/all keys of 40 people/)
    expect(stdout).toMatch(/shut a leaver out/)
    expect(stderr).toContain('nothing was done')
    const odd = await site.gatehouse(['keys', 'rotate', '--yes', '--reason', 'x'])
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('--compromised')])
  })

  test('stay when it is killed before the end: the gateway goes on with them', async () => {
    const keyring = await readFile(join(site.dataPath, 'keys', 'keyring.json'))
    await killedDuring('audit_pending', '')
    expect(await hasNext()).toBe(true)
    await whileRunning(async (gateway) => {
      expect(await hasNext()).toBe(false)
      expect((await statusOf(gateway, site.token)).alarms.filter(({ code }) => code !== 'source.late')).toEqual([])
    })
    expect(await readFile(join(site.dataPath, 'keys', 'keyring.json'))).toEqual(keyring)
    expect(await tokenNow()).toBe(site.token)
  })

  test('are gone when it is killed after the end, and before it could say so: the gateway goes on with the new ones', async () => {
    await killedDuring('api_token', 'deferrable initially deferred')
    expect([await hasNext(), await tokenNow()]).toEqual([true, site.token])
    await whileRunning(async (gateway) => {
      const token = await tokenNow()
      expect([await hasNext(), token === site.token]).toEqual([false, false])
      await expect(statusOf(gateway, site.token)).rejects.toMatchObject({ status: 401 })
      expect((await statusOf(gateway, token)).alarms.filter(({ code }) => code !== 'source.late')).toEqual([])
      expect(await gateway.call(token, '/v1/audit/verify')).toMatchObject({ ok: true })
    })
  })

  test('are replaced, with a new external key too: doors stay as they are, and a leaver is shut out', async () => {
    const keys = join(site.dataPath, 'keys')
    const external = join(keys, 'external.key')
    const before = await whileRunning(async (gateway) => {
      const token = await tokenNow()
      const backup = join(site.directory, 'before.backup')
      const made = await site.gatehouse(['backup', backup, '--reason', 'before', '--url', gateway.url], {
        GATEHOUSE_TOKEN: token,
      })
      expect(made.code).toBe(0)
      const env = { GATEHOUSE_TOKEN: token }
      const lines = await site.gatehouse(['lockouts', 'export', '--url', gateway.url], env)
      return { token, backup, lines: lines.stdout, keySet: await keySet(gateway, token) }
    })
    await copyFile(external, join(site.directory, 'old.key'))
    await writeFile(external, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
    const wrong = await replace('--yes', '--json')
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('vault.wrong-key')])
    const { code, stdout, stderr } = await replace('--yes', '--json', '--old-key-file', join(site.directory, 'old.key'))
    expect([code, stderr]).toEqual([0, ''])
    const result = JSON.parse(stdout) as Extract<ReplaceKeysResult, { done: true }>
    expect(result).toMatchObject({ refused: 0, unreadable: 0, tokensEnded: 1, trailIsWhole: true, compacted: true })
    expect(result.rows).toBeGreaterThan(300)
    const token = await tokenNow()
    await whileRunning(async (gateway) => {
      await expect(statusOf(gateway, before.token)).rejects.toMatchObject({ status: 401 })
      expect(await keySet(gateway, token)).toBe(result.keySet)
      expect(result.keySet).not.toBe(before.keySet)
      const writes = () =>
        site.simulator.state
          .users()
          .map((user) => JSON.stringify(user))
          .sort()
      const shown = writes()
      await site.drop('workers-2026-01-02.csv', file(rows))
      await until('it was read', async () => (await statusOf(gateway, token)).sources[0]?.lastOutcome === 'taken')
      expect(writes()).toEqual(shown)
      await site.drop('changes-50.csv', file([{ ...leaver, status: 'terminated' }]))
      await until('the leaver is out', () => isShutOut(site, leaver))
      expect(isIn(site, other)).toBe(true)
      const env = { GATEHOUSE_TOKEN: token }
      const { stdout: pem } = await site.gatehouse(['keys', 'public', '--url', gateway.url], env)
      expect(pem.match(/BEGIN PUBLIC KEY/g)).toHaveLength(3)
      const pinned = join(site.directory, 'public.pem')
      await writeFile(pinned, pem)
      for (const lines of [
        before.lines,
        (await site.gatehouse(['lockouts', 'export', '--url', gateway.url], env)).stdout,
      ]) {
        const exported = join(site.directory, 'lines.jsonl')
        await writeFile(exported, lines)
        expect((await site.gatehouse(['lockouts', 'verify', exported, '--key', pinned])).code).toBe(0)
      }
      expect(await gateway.call(token, '/v1/audit/verify')).toMatchObject({ ok: true })
      expect((await statusOf(gateway, token)).alarms.filter(({ code }) => code !== 'source.late')).toEqual([])
    })
    // A backup of before is not opened by the keys of now.
    const restored = await site.gatehouse(['restore', before.backup, '--config', site.configPath, '--reason', 'x'])
    expect([restored.code, restored.stderr]).toEqual([1, expect.stringContaining('backup.not-opened')])
    await rm(join(site.directory, 'old.key'))
  })
})

test('an embedded database is brought under new keys as well, by nobody but whoever holds it', {
  timeout: 180_000,
}, async () => {
  await using own = await openSite()
  const gateway = await own.start()
  const replaceOwn = () =>
    own.gatehouse([
      'keys',
      'rotate',
      '--compromised',
      '--config',
      own.configPath,
      '--reason',
      'a disk was stolen',
      '--yes',
    ])
  const refused = await replaceOwn()
  expect([refused.code, refused.stdout]).toEqual([3, ''])
  await gateway.stop()
  const { code, stdout, stderr } = await replaceOwn()
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/tokens ended +1\n/)
  expect(stdout).toContain('Replace your copies of the keyring')
  expect(stdout).not.toContain('VACUUM')
  const token = (await readFile(join(own.dataPath, 'operator.token'), 'utf8')).trim()
  const again = await own.start()
  await expect(statusOf(again, own.token)).rejects.toMatchObject({ status: 401 })
  expect((await statusOf(again, token)).alarms).toEqual([])
  await again.stop()
})
