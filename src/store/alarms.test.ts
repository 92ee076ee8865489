import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AlarmCode } from '../model/alarm.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import {
  clearAlarm,
  dropLogged,
  dropNotice,
  forgetOldAlarms,
  listAlarms,
  markLogged,
  noticesToLog,
  raiseAlarm,
  readAlarms,
  restoreSilenced,
  retryNotice,
  setAlarms,
  signOlderAlarms,
  takeNotice,
} from './alarms.ts'
import { useDatabase } from './database.fixture.ts'

const database = useDatabase()
let pool: pg.Pool
const vault = openVault(createKeyring({ stamp: 'demo' }))
beforeEach(async () => {
  pool = database.pool
  await pool.query('delete from alarm; delete from alarm_notice')
})

const told = async () =>
  (
    await pool.query<{ what: string }>(
      `select code || ' ' || scope || case when is_on then ' on' else ' off' end as what from alarm_notice order by seq`,
    )
  ).rows.map(({ what }) => what)
const on = async () => (await listAlarms(pool, false)).map(({ code, scope, count }) => [code, scope, count])

const set = async (code: AlarmCode, scopes: Parameters<typeof setAlarms>[3]) =>
  setAlarms(pool, vault, code, scopes, await readAlarms(pool, code))

describe('an alarm', () => {
  test('is told once when it comes and once when it goes, however often it is raised and cleared', async () => {
    expect(await raiseAlarm(pool, vault, 'source.late', 'hr')).toBe(true)
    expect(await raiseAlarm(pool, vault, 'source.late', 'hr')).toBe(false)
    expect(await clearAlarm(pool, vault, 'source.late', 'hr')).toBe(true)
    expect(await clearAlarm(pool, vault, 'source.late', 'hr')).toBe(false)
    expect(await clearAlarm(pool, vault, 'source.late', 'other')).toBe(false)
    expect(await raiseAlarm(pool, vault, 'source.late', 'hr')).toBe(true)
    expect(await told()).toEqual(['source.late hr on', 'source.late hr off', 'source.late hr on'])
  })

  test('shows the newest count, which is not told again', async () => {
    for (const count of [2, 5, 5]) await raiseAlarm(pool, vault, 'account.dead', 'hq', count)
    expect([await on(), await told()]).toEqual([[['account.dead', 'hq', 5]], ['account.dead hq on']])
  })

  test('of one code is set for all scopes at once', async () => {
    await set('source.late', ['a', 'b'])
    await raiseAlarm(pool, vault, 'source.failed', 'a')
    expect(await set('source.late', ['b', 'c'])).toEqual(['c'])
    expect(await set('account.dead', new Map([['hq', 1]]))).toEqual(['hq'])
    expect(await set('account.dead', new Map([['hq', 3]]))).toEqual([])
    expect((await on()).toSorted()).toEqual([
      ['account.dead', 'hq', 3],
      ['source.failed', 'a', null],
      ['source.late', 'b', null],
      ['source.late', 'c', null],
    ])
  })

  test('stays as an act left it that came after whoever sets it had looked', async () => {
    const late = async () => (await on()).map(([, scope]) => scope)
    const never = await readAlarms(pool, 'source.late')
    await raiseAlarm(pool, vault, 'source.late', 'hr')
    const wasOn = await readAlarms(pool, 'source.late')
    await setAlarms(pool, vault, 'source.late', [], never)
    expect(await late()).toEqual(['hr'])

    await clearAlarm(pool, vault, 'source.late', 'hr')
    expect(await setAlarms(pool, vault, 'source.late', ['hr'], never)).toEqual([])
    expect(await setAlarms(pool, vault, 'source.late', new Map([['hr', 3]]), wasOn)).toEqual([])
    expect(await late()).toEqual([])
    const wasOff = await readAlarms(pool, 'source.late')

    // An act takes longer than the millisecond by which two of them are told apart.
    await sleep(5)
    await raiseAlarm(pool, vault, 'source.late', 'hr')
    await setAlarms(pool, vault, 'source.late', [], wasOn)
    expect(await late()).toEqual(['hr'])
    await clearAlarm(pool, vault, 'source.late', 'hr')
    expect(await setAlarms(pool, vault, 'source.late', ['hr'], wasOff)).toEqual([])
    expect(await late()).toEqual([])
    expect(await told()).toEqual(['on', 'off', 'on', 'off'].map((what) => `source.late hr ${what}`))
  })

  test('that is over is listed for a month, when asked for', async () => {
    await raiseAlarm(pool, vault, 'source.late', 'hr')
    await clearAlarm(pool, vault, 'source.late', 'hr')
    expect([await on(), (await listAlarms(pool, true)).length]).toEqual([[], 1])
    await forgetOldAlarms(pool)
    expect(await listAlarms(pool, true)).toHaveLength(1)
    await pool.query(`update alarm set cleared_at = now() - interval '31 days'`)
    await forgetOldAlarms(pool)
    expect(await listAlarms(pool, true)).toEqual([])
  })
})

const take = async () => (await takeNotice(pool, vault, 60_000, 360_000)).notice

describe('a thief who can write', () => {
  test.each([
    ['with nothing', `update alarm set cleared_at = now()`],
    [
      'with what was signed for another',
      `update alarm set cleared_at = o.cleared_at, cleared_guard = o.cleared_guard from alarm o where o.scope = 'b' and alarm.scope = 'a'`,
    ],
  ])('silences none %s: it is on again, and told again', async (_how, sql) => {
    await set('source.late', ['a', 'b'])
    await clearAlarm(pool, vault, 'source.late', 'b')
    await pool.query(`${sql}${sql.includes('from') ? '' : ` where scope = 'a'`}`)
    expect(await restoreSilenced(pool, vault)).toBe(1)
    expect(await restoreSilenced(pool, vault)).toBe(0)
    expect([await on(), (await told()).at(-1)]).toEqual([[['source.late', 'a', null]], 'source.late a on'])
  })

  test.each([
    ['with nothing', 'null'],
    ['with what was signed for another, or when it was cleared', 'coalesce(o.raised_guard, o.cleared_guard)'],
  ])('raises none himself %s, so that it would not be told: it is told when it is raised', async (_how, sql) => {
    await set('source.late', ['a', 'b'])
    await clearAlarm(pool, vault, 'source.late', 'b')
    await pool.query(
      `insert into alarm (code, scope, raised_at, raised_guard) select 'source.late', 'c', o.raised_at, ${sql} from alarm o where o.scope = 'a'`,
    )
    await pool.query(
      `update alarm b set cleared_at = null, raised_at = o.cleared_at, raised_guard = o.cleared_guard from alarm o where b.scope = 'b' and o.scope = 'b'`,
    )
    await pool.query('delete from alarm_notice')
    expect(await raiseAlarm(pool, vault, 'source.late', 'c')).toBe(true)
    expect(await set('source.late', ['a', 'b', 'c'])).toEqual(['b'])
    expect(await set('source.late', ['a', 'b', 'c'])).toEqual([])
    expect(await told()).toEqual(['source.late c on', 'source.late b on'])
  })

  test('is believed of what was on before that was signed, once', async () => {
    await set('source.late', ['a', 'b'])
    await clearAlarm(pool, vault, 'source.late', 'b')
    await pool.query(`update alarm set raised_guard = null, raised_at = now()`)
    await signOlderAlarms(pool, vault)
    expect(await set('source.late', ['a'])).toEqual([])
    await pool.query(`update alarm set raised_guard = null where scope = 'a'`)
    expect(await set('source.late', ['a'])).toEqual(['a'])
  })

  test('has no notice of his own told: it is dropped, and somebody is called', async () => {
    await raiseAlarm(pool, vault, 'source.late', 'hr')
    await pool.query(`update alarm_notice set is_on = false, logged_at = now()`)
    expect(await take()).toBeNull()
    await pool.query(`update alarm_notice set scope = 'other'`)
    expect(await noticesToLog(pool, vault)).toEqual([])
    expect((await on()).map(([code]) => code)).toEqual(expect.arrayContaining(['guard.failed', 'source.late']))
  })
})

describe('notices', () => {
  test('are taken in order, one at a time; one that waits makes the others wait', async () => {
    await set('source.late', ['a', 'b'])
    expect(await take()).toBeNull()
    const fresh = await noticesToLog(pool, vault)
    expect(fresh.map(({ scope }) => scope)).toEqual(['a', 'b'])
    await markLogged(
      pool,
      fresh.map(({ id }) => id),
    )
    expect(await noticesToLog(pool, vault)).toEqual([])
    const first = await take()
    expect(first).toMatchObject({ scope: 'a', is_on: true, attempts: 1 })
    expect(await take()).toBeNull()
    await retryNotice(pool, first?.id ?? '', 0)
    expect(await take()).toMatchObject({ id: first?.id, attempts: 2 })
    await dropNotice(pool, first?.id ?? '')
    expect(await take()).toMatchObject({ scope: 'b' })
    await dropLogged(pool)
    expect(await told()).toEqual([])
  })
})
