import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { noticeGuard } from '../../store/guards.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { watchTheTime } from '../sweep.ts'
import { clearByHand } from './clear-alarm.ts'
import { tellAlarms } from './tell-alarms.ts'
import { watchAudit } from './watch-audit.ts'
import { watchDisk } from './watch-disk.ts'
import type { AlarmWebhook } from './webhook.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  // The trail is append-only: as a superuser one may.
  await engine.tamper(`alter table audit disable trigger all`)
  await engine.tamper(`delete from audit`)
  bench = await engine.begin()
})

const { signal } = new AbortController()
const pool = () => bench.context.database.pool
const raise = (code: Parameters<typeof raiseAlarm>[2], scope: string) =>
  raiseAlarm(pool(), bench.context.vault, code, scope)

describe('telling', () => {
  function receiver(...faults: readonly (Error | null)[]) {
    const left = [...faults]
    const told: string[] = []
    const webhook: AlarmWebhook = {
      async tell({ code, is_on }) {
        const fault = left.shift() ?? null
        if (fault !== null) throw fault
        told.push(`${code} ${is_on ? 'on' : 'off'}`)
      },
      test: async () => undefined,
    }
    return { told, tell: () => tellAlarms(bench.context, webhook, signal) }
  }
  const down = () => new ConnectorError({ kind: 'transient', code: 'http.timeout' })
  const notices = () => bench.rows('select code from alarm_notice order by seq')
  const later = (sql: string) => bench.rows(`update alarm_notice set next_try_at = now() ${sql}`)

  test('without a webhook is the log, once, and nothing is kept', async () => {
    await raise('source.late', 'hr')
    await tellAlarms(bench.context, null, signal)
    await tellAlarms(bench.context, null, signal)
    expect(bench.logged).toEqual([{ event: 'alarm.on', fields: { alarm: 'source.late', scope: 'hr', count: null } }])
    expect(await notices()).toEqual([])
  })

  test('a receiver that is down waits longer each time, and no later notice overtakes', async () => {
    const { told, tell } = receiver(down(), down())
    await raise('source.late', 'a')
    await raise('plan.held', 'b')
    await tell()
    await tell()
    const waits: number[] = []
    for (let round = 0; round < 2; round++) {
      const [row] = await bench.rows<{ ms: number }>(
        `select extract(epoch from next_try_at - now())::float8 * 1000 as ms from alarm_notice order by seq limit 1`,
      )
      waits.push(row?.ms ?? 0)
      await later('')
      await tell()
    }
    expect(waits[0]).toBeGreaterThan(4_000)
    expect(waits[1]).toBeGreaterThan(9_000)
    expect(told).toEqual(['source.late on', 'plan.held on'])
    expect(bench.logged.filter(({ event }) => event === 'alarm.on')).toHaveLength(2)
  })

  test('a receiver that takes nothing for ten minutes is an alarm here, which it is not told of; once it takes one, that is over', async () => {
    const { told, tell } = receiver(down(), down())
    await raise('source.late', 'hr')
    await tell()
    expect(await bench.alarms()).toEqual(['source.late'])
    await later(`, first_try_at = now() - interval '11 minutes'`)
    await tell()
    expect(await bench.alarms()).toEqual(['source.late', 'webhook.failed'])
    await later('')
    await tell()
    await tell()
    expect([await bench.alarms(), told, await notices()]).toEqual([['source.late'], ['source.late on'], []])
    expect(bench.logged.map(({ fields }) => fields.alarm)).toContain('webhook.failed')
  })

  test('what was not taken within three days is given up', async () => {
    const { tell } = receiver(down(), new Error('a bug'))
    await raise('source.late', 'hr')
    await tell()
    const old = new Date(Date.now() - 4 * 86_400_000)
    const [row] = await bench.rows<{ id: string }>('select id from alarm_notice')
    const guard = bench.context.vault.guard(
      'alarm_notice',
      noticeGuard(row?.id ?? '', 'source.late', 'hr', true, old, null),
    )
    await bench.rows('update alarm_notice set at = $1, guard = $2, next_try_at = now()', [old, guard])
    await tell()
    expect(await bench.rows(`select 1 from alarm_notice where code = 'source.late'`)).toEqual([])
    expect(await bench.alarms()).toContain('webhook.failed')
  })
})

describe('somebody who writes notices into the database', () => {
  const told: string[] = []
  const webhook: AlarmWebhook = {
    tell: async ({ scope }) => void told.push(scope),
    test: async () => undefined,
  }
  const tell = () => tellAlarms(bench.context, webhook, signal)
  beforeEach(() => {
    told.length = 0
  })

  test('keeps no true one from being told by one of his own, at the front and due never', async () => {
    await engine.tamper(
      `insert into alarm_notice (seq, id, code, scope, is_on, at, logged_at, next_try_at, guard) overriding system value
       values (-1, gen_random_uuid(), 'x', 'his', true, now(), now(), 'infinity', '\\x00')`,
    )
    await raise('source.late', 'hr')
    await tell()
    await tell()
    expect(told).toEqual(['hr', expect.stringMatching(/^[0-9a-f-]{36}$/)])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test.each([
    ['never', `next_try_at = 'infinity'`],
    ['in a year', `next_try_at = now() + interval '1 year'`],
    ['and was tried as often as can be counted', 'next_try_at = now(), attempts = 2147483647'],
    ['and was tried less than never', 'next_try_at = now(), attempts = -2147483648'],
  ])('delays none by saying that it is due %s', async (_what, set) => {
    await raise('source.late', 'hr')
    await tellAlarms(bench.context, { ...webhook, tell: () => Promise.reject(new Error('not now')) }, signal)
    await engine.tamper(`update alarm_notice set ${set}`)
    await tell()
    expect(told).toEqual(['hr'])
  })

  test('is told about here when he puts off the oldest again and again', async () => {
    await raise('source.late', 'hr')
    const [notice] = await bench.rows<{ id: string }>('select id from alarm_notice')
    const at = new Date(Date.now() - 11 * 60_000)
    const guard = engine.vault.guard('alarm_notice', noticeGuard(notice?.id ?? '', 'source.late', 'hr', true, at, null))
    await engine.tamper(
      `update alarm_notice set at = $1, guard = $2, logged_at = now(), first_try_at = now(), next_try_at = now() + interval '5 minutes'`,
      [at, guard],
    )
    await tell()
    expect([told, (await bench.alarms()).includes('webhook.failed')]).toEqual([[], true])
  })
})

describe('the audit trail', () => {
  const entries = async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
    while ((await appendOnce(pool(), bench.context.vault))?.taken !== 0);
  }
  const broken = async () =>
    (
      await bench.rows<{ scope: string }>(
        `select scope from alarm where code = 'audit.broken' and cleared_at is null order by scope`,
      )
    ).map(({ scope }) => scope)

  test('that is whole, and grows, is no alarm', async () => {
    const look = watchAudit(bench.context)
    await look()
    await entries()
    await look()
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2)])
    await bench.rest()
    await appendOnce(pool(), bench.context.vault)
    await look()
    await look()
    expect(await broken()).toEqual([])
  })

  test.each([
    ['changed', `update audit set actor = 'somebody' where seq = 3`, 'changed'],
    ['taken out of', `delete from audit where seq = 3`, 'gap'],
    ['cut off at its end', `delete from audit where seq = (select max(seq) from audit)`, 'truncated'],
  ])('that was %s is found, also by a process that was not there', async (_how, sql, why) => {
    await entries()
    await watchAudit(bench.context)()
    await engine.tamper(sql)
    const look = watchAudit(bench.context)
    await look()
    await look()
    expect(await broken()).toEqual([why])
    // Told once, however often it is found.
    expect(bench.logged.filter(({ event }) => event === 'audit.broken')).toHaveLength(1)
  })

  test('whose mark was moved by somebody else is looked through from its beginning', async () => {
    await entries()
    const look = watchAudit(bench.context)
    await look()
    await engine.tamper('update audit_mark set seq = seq - 1')
    await look()
    expect(await broken()).toEqual(['mark-forged'])
    await look()
    expect(
      await bench.rows('select 1 from audit_mark m join audit a on a.seq = m.seq and a.hash = m.hash'),
    ).toHaveLength(1)
  })
})

describe('what else an alarm is about', () => {
  test('accounts that were given up, by target, with their count', async () => {
    nextCalls(bench.target, 'put', { is: 'failure', kind: 'rejected' }, { is: 'failure', kind: 'rejected' })
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
    await watchTheTime(bench.context)
    expect(await bench.rows('select code, scope, count from alarm where cleared_at is null')).toEqual([
      { code: 'account.dead', scope: 'doors', count: 2 },
    ])
  })

  test('a disk that is nearly full, until it is not', async () => {
    const gib = 1024 ** 3
    const disk = (bavail: number, blocks: number) =>
      watchDisk(bench.context, '/data', async () => ({ bavail, blocks, bsize: 1 }))
    await disk(0.9 * gib, 100 * gib)
    expect(await bench.alarms()).toEqual(['disk.low'])
    await disk(1.1 * gib, 100 * gib)
    expect(await bench.alarms()).toEqual([])
    // A twentieth of a small disk is less.
    await disk(0.06 * gib, gib)
    expect(await bench.alarms()).toEqual([])
    await disk(0.04 * gib, gib)
    expect(await bench.alarms()).toEqual(['disk.low'])
    await disk(gib, gib)
    await expect(watchDisk(bench.context, '/nowhere')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a person', () => {
  const clear = (code: string, scope: string) => clearByHand(bench.context, code, scope, bench.operator, 'looked into')

  test('ends by name what nothing else ends', async () => {
    await raise('guard.failed', 'doors')
    await clear('guard.failed', 'doors')
    expect(await bench.alarms()).toEqual([])
    expect(await bench.rows('select action, object from audit_pending where actor = $1', [bench.operator])).toEqual([
      { action: 'alarm.cleared', object: 'guard.failed' },
    ])
    await expect(clear('guard.failed', 'doors')).rejects.toMatchObject({ code: 'alarm.not-on' })
    await raise('plan.held', 'policy')
    await expect(clear('plan.held', 'policy')).rejects.toMatchObject({ code: 'alarm.ends-itself' })
  })
})
