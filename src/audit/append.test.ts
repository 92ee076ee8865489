import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startPostgres, until } from '../../test/support/servers.ts'
import { openDatabase } from '../store/database.ts'
import { appendOnce } from './append.ts'
import { type AuditFailure, startAuditAppender } from './appender.ts'
import { openDetails } from './details.ts'
import { formatHead, parseHead } from './entry.ts'
import { readAudit, readAuditPage } from './read.ts'
import { recordAudit, recordAuditMany } from './record.ts'
import { collect, openTrail, someRecords, type TestTrail } from './testing.ts'
import { verifyAudit } from './verify.ts'

let trail: TestTrail
beforeAll(async () => {
  trail = await openTrail(await startPostgres())
}, 60_000)
afterAll(() => trail[Symbol.asyncDispose]())
beforeEach(() => trail.empty())

const pool = () => trail.database.pool
const entries = () => collect(readAudit(pool(), 0))
const count = async (table: 'audit' | 'audit_pending') => {
  const { rows } = await pool().query<{ n: string }>(`select count(*) as n from ${table}`)
  return Number(rows[0]?.n)
}

describe('recording', () => {
  test('an entry comes with its transaction or not at all', async () => {
    const { db } = trail.database
    const record = someRecords(1)[0] as ReturnType<typeof someRecords>[number]
    const undone = db.transaction().execute(async (tx) => {
      await recordAudit(tx, trail.vault, record)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await count('audit_pending')).toBe(0)

    await db.transaction().execute((tx) => recordAudit(tx, trail.vault, record))
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 1, findings: [] })
    const [entry] = await entries()
    expect(entry).toMatchObject({ seq: 1, actor: 'engine', action: 'account.applied', object: 'account-0' })
    expect(openDetails(trail.vault, entry as NonNullable<typeof entry>)).toEqual(record.details)
    expect(Math.abs(Date.parse(entry?.at ?? '') - Date.now())).toBeLessThan(60_000)
  })

  test('a bare client records many in one statement, in order; none is one statement less', async () => {
    const client = new pg.Client({ ...trail.config, options: '-c search_path=gatehouse' })
    await client.connect()
    try {
      await client.query('begin')
      await recordAuditMany(client, trail.vault, [])
      await recordAuditMany(client, trail.vault, someRecords(300))
      await client.query('commit')
    } finally {
      await client.end()
    }
    await trail.appendAll()
    expect((await entries()).map(({ object }) => object)).toEqual(someRecords(300).map(({ object }) => object))
  })

  test('nothing of a batch is written when one of it is refused', async () => {
    const bad = { actor: 'engine', action: 'person.locked', object: 'Ada Example', details: {} } as const
    await expect(trail.record(...someRecords(2), bad)).rejects.toThrow(RangeError)
    expect(await count('audit_pending')).toBe(0)
  })
})

describe('appending', () => {
  test('takes no more than the limit, and says when there may be more', async () => {
    await trail.record(...someRecords(5))
    expect(await appendOnce(pool(), trail.vault, 3)).toMatchObject({ taken: 3, head: { seq: 3 } })
    const rest = await appendOnce(pool(), trail.vault, 3)
    expect(rest).toMatchObject({ taken: 2, head: { seq: 5 } })
    expect(await appendOnce(pool(), trail.vault, 3)).toEqual({ taken: 0, head: rest?.head, findings: [] })
    const { head } = await verifyAudit(pool(), trail.vault)
    expect(rest?.head && formatHead(rest.head)).toBe(head)
    expect(await count('audit_pending')).toBe(0)
  })

  test('of an empty trail there is no head', async () => {
    expect(await appendOnce(pool(), trail.vault)).toEqual({ taken: 0, head: null, findings: [] })
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, head: null })
  })

  test('leaves the work to whoever is at it', async () => {
    await trail.record(...someRecords(1))
    const other = await pool().connect()
    try {
      await other.query('begin')
      await other.query(`select pg_advisory_xact_lock(hashtextextended('gatehouse audit appender', 0))`)
      expect(await appendOnce(pool(), trail.vault)).toBeNull()
      await other.query('rollback')
    } finally {
      other.release()
    }
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 1 })
  })

  test('an entry committed late is not skipped, though its number is lower', async () => {
    const early = await pool().connect()
    try {
      await early.query('begin')
      await recordAuditMany(early, trail.vault, someRecords(1))
      await trail.record(...someRecords(2).slice(1))
      await trail.appendAll()
      await early.query('commit')
    } finally {
      early.release()
    }
    await trail.appendAll()
    expect((await entries()).map(({ object }) => object)).toEqual(['account-1', 'account-0'])
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, entries: 2 })
  })

  test.each([
    ['at', `at = at + interval '1 microsecond'`],
    ['at', `at = 'infinity'`],
    ['at', `at = '0044-03-15 BC'`],
    ['actor', `actor = 'clock'`],
    ['action', `action = 'plan.released'`],
    ['object', `object = object || repeat('x', 1000)`],
    ['details', `details = decode('00', 'hex')`],
    ['details', `details = decode(repeat('00', 100000), 'hex')`],
    ['details_row', `details_row = gen_random_uuid()`],
    ['guard', `guard = decode('00', 'hex')`],
  ])('a pending entry whose %s was changed (%s) is in the trail as just that', async (_, change) => {
    await trail.record(...someRecords(3))
    await trail.tamper(`update audit_pending set ${change} where id = 2`)
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 3, findings: ['audit.guard-failed'] })
    const [finding, ...kept] = await entries()
    expect(finding).toMatchObject({ actor: 'engine', action: 'audit.guard-failed', object: '2' })
    expect(Object.keys(openDetails(trail.vault, finding as NonNullable<typeof finding>) ?? {})).toContain('actor')
    expect(kept.map(({ object }) => object)).toEqual(['account-0', 'account-2'])
    expect(await count('audit_pending')).toBe(0)
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, entries: 3 })
  })

  test('an entry put back after it was appended, or copied before, counts once', async () => {
    await trail.record(...someRecords(1))
    await trail.tamper(`create table kept as select * from audit_pending`)
    const columns = 'at, actor, action, object, details, details_row, guard'
    const putBack = `insert into audit_pending (${columns}) select ${columns} from kept`
    await trail.tamper(putBack)
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 2, findings: ['audit.entry-repeated'] })
    await trail.tamper(putBack)
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 1, findings: ['audit.entry-repeated'] })
    await trail.tamper(`drop table kept`)
    const actions = (await entries()).map(({ action }) => action)
    expect(actions).toEqual(['audit.entry-repeated', 'account.applied', 'audit.entry-repeated'])
  })

  test('a last entry that somebody else wrote is found, once, and stays visible for ever', async () => {
    await trail.record(...someRecords(1))
    const first = await appendOnce(pool(), trail.vault)
    await trail.tamper(`insert into audit
      select 2, at, 'clock', action, object, details, gen_random_uuid(), hash, mac || '\\x00' from audit`)
    const second = await appendOnce(pool(), trail.vault, 500, first?.head)
    expect(second).toMatchObject({ taken: 0, head: { seq: 3 }, findings: ['audit.head-failed'] })
    expect(await appendOnce(pool(), trail.vault, 500, second?.head)).toMatchObject({ findings: [] })
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: false, brokenAt: 2, why: 'changed' })
  })

  test.each([
    ['cut off', 'delete from audit where seq > 1', 2],
    ['emptied', 'truncate audit', 1],
    ['written over', `update audit set hash = decode(repeat('00', 32), 'hex') where seq = 3`, 4],
  ])('a process notices that the trail it wrote was %s, and says so in the trail', async (_, sql, seq) => {
    await trail.record(...someRecords(3))
    const before = await appendOnce(pool(), trail.vault)
    await trail.tamper(sql)
    const after = await appendOnce(pool(), trail.vault, 500, before?.head)
    expect(after?.findings.at(-1)).toBe('audit.head-lost')
    const finding = (await entries()).findLast(({ action }) => action === 'audit.head-lost')
    expect(finding?.object).toBe('3')
    expect(finding?.seq).toBeGreaterThanOrEqual(seq)
    expect(openDetails(trail.vault, finding as NonNullable<typeof finding>)).toMatchObject({
      hash: before?.head?.hash.toString('hex'),
    })
    expect(await appendOnce(pool(), trail.vault, 500, after?.head)).toMatchObject({ findings: [] })
  })

  test('a failure in the middle changes nothing, and the next attempt takes everything', async () => {
    await trail.record(...someRecords(2))
    await trail.tamper('revoke insert on audit from runtime')
    await expect(appendOnce(pool(), trail.vault)).rejects.toThrow('permission denied')
    expect(await count('audit_pending')).toBe(2)
    await trail.tamper('grant insert on audit to runtime')
    expect(await appendOnce(pool(), trail.vault)).toMatchObject({ taken: 2 })
  })

  test('10,000 entries take less than 1.5 s', async () => {
    const begunRecording = performance.now()
    await trail.record(...someRecords(10_000))
    const begun = performance.now()
    await trail.appendAll()
    const appended = performance.now()
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, entries: 10_000 })
    const verified = performance.now()
    const ms = (from: number, to: number) => `${Math.round(to - from)} ms`
    process.stdout.write(
      `audit, 10,000 entries: recorded in ${ms(begunRecording, begun)}, appended in ${ms(begun, appended)}, verified in ${ms(appended, verified)}\n`,
    )
    expect(appended - begun).toBeLessThan(1_500)
  })
})

describe('the stored trail', () => {
  test('is verified in pages, and from any entry on', async () => {
    await trail.record(...someRecords(7))
    await trail.appendAll()
    const stored = await verifyAudit(pool(), trail.vault, { pageSize: 3 })
    expect(stored).toMatchObject({ ok: true, entries: 7 })
    const [after] = await readAuditPage(pool(), 4, 1)
    expect(after?.seq).toBe(5)
    const start = { after: after as NonNullable<typeof after> }
    expect(await verifyAudit(pool(), null, start)).toMatchObject({ ok: true, entries: 2, head: stored.head })
    const wrong = { after: { seq: 5, hash: Buffer.alloc(32) } }
    expect(await verifyAudit(pool(), null, wrong)).toMatchObject({ ok: false, brokenAt: 6, why: 'changed' })
    const expectedHead = start.after
    expect(await verifyAudit(pool(), null, { ...wrong, expectedHead })).toMatchObject({
      brokenAt: 5,
      why: 'head-differs',
    })
    const earlier = { expectedHead: { ...expectedHead, seq: 4 } }
    await expect(verifyAudit(pool(), null, { ...start, ...earlier })).rejects.toThrow(RangeError)
  })

  test.each([
    [`at = at + interval '1 microsecond'`, 2, 'changed'],
    [`at = '-infinity'`, 2, 'changed'],
    [`at = at - interval '3000 years'`, 2, 'changed'],
    [`actor = 'clock'`, 2, 'changed'],
    [`action = action || ' '`, 2, 'changed'],
    [`object = ''`, 2, 'changed'],
    [`details = details || decode('00', 'hex')`, 2, 'changed'],
    [`details_row = gen_random_uuid()`, 2, 'changed'],
    [`hash = hash || decode('00', 'hex')`, 2, 'changed'],
    [`mac = hash`, 2, 'forged'],
    [`mac = mac || decode('00', 'hex')`, 2, 'forged'],
    [`seq = 9`, 2, 'gap'],
    [`seq = 0`, 1, 'out-of-order'],
    [`seq = -9223372036854775808`, 1, 'out-of-order'],
  ])('shows that a superuser set %s', async (change, brokenAt, why) => {
    await trail.record(...someRecords(3))
    await trail.appendAll()
    await trail.tamper(`update audit set ${change} where seq = 2`)
    // In pages of one, each step from page to page is met too.
    for (const pageSize of [1, 2_000]) {
      expect(await verifyAudit(pool(), trail.vault, { pageSize })).toMatchObject({ ok: false, brokenAt, why })
    }
    expect((await collect(readAudit(pool(), 0, 1))).length).toBeLessThanOrEqual(3)
  })

  test('shows that a superuser cut it off, once somebody kept its head', async () => {
    await trail.record(...someRecords(3))
    await trail.appendAll()
    const expectedHead = parseHead((await verifyAudit(pool(), trail.vault)).head ?? '')
    await trail.tamper('delete from audit where seq = 3')
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true })
    expect(await verifyAudit(pool(), null, { expectedHead })).toMatchObject({
      ok: false,
      brokenAt: 3,
      why: 'truncated',
    })
  })

  test.each(['update audit set actor = actor', 'delete from audit', 'truncate audit', 'drop table audit'])(
    'the runtime role may not %s',
    async (sql) => {
      await trail.record(...someRecords(1))
      await trail.appendAll()
      await expect(pool().query(sql)).rejects.toThrow(/permission denied|must be owner/)
      await expect(pool().query('alter table audit disable trigger all')).rejects.toThrow('must be owner')
      await expect(pool().query('set session_replication_role = replica')).rejects.toThrow('permission denied')
      expect(await count('audit')).toBe(1)
    },
  )
})

describe('the appender', () => {
  /** Stops with its test, so that one that fails leaves the others alone. */
  const start = (failures: AuditFailure[] = [], from = pool()) => {
    const onFailure = (code: AuditFailure) => void failures.push(code)
    const appender = startAuditAppender({ pool: from, vault: trail.vault, onFailure })
    return { ...appender, [Symbol.asyncDispose]: () => appender.stop() }
  }

  test('goes on by itself, and at once when asked', async () => {
    await using appender = start()
    await sleep(100)
    await trail.record(...someRecords(1))
    appender.kick()
    await until('an entry is appended before the next poll', async () => (await count('audit')) === 1, 800)
    // Six batches: waiting for a poll after each would take more than 5 s.
    await trail.record(...someRecords(2_600))
    await until('all batches are appended one after the other', async () => (await count('audit')) === 2_601, 4_500)
    await appender.stop()
    await trail.record(...someRecords(1))
    appender.kick()
    await sleep(50)
    expect(await count('audit')).toBe(2_601)
  })

  test('asked during a round, it does another one at once', async () => {
    await trail.record(...someRecords(1))
    const blocker = new pg.Client({ ...trail.admin, options: '-c search_path=gatehouse' })
    await blocker.connect()
    await using appender = start()
    try {
      // Lets the round read what is pending, and holds it up before it writes.
      await blocker.query('begin; lock table audit in share mode')
      await trail.record(...someRecords(1))
      await until('the round is held up', async () => {
        const { rowCount } = await blocker.query('select from pg_locks where not granted')
        return rowCount === 1
      })
      await trail.record(...someRecords(1))
      appender.kick()
    } finally {
      await blocker.end()
    }
    await until('both rounds are over before the next poll', async () => (await count('audit_pending')) === 0, 800)
  })

  test('reports what it finds, and knows the head that it left', async () => {
    const failures: AuditFailure[] = []
    await trail.record(...someRecords(3))
    await trail.tamper(`update audit_pending set actor = 'clock' where id = 1`)
    await using appender = start(failures)
    await until('the entries are appended', async () => (await count('audit')) === 3)
    await trail.tamper('delete from audit where seq > 1')
    appender.kick()
    await until('both are reported', () => failures.length === 2, 3_000)
    await appender.stop()
    expect(failures).toEqual(['audit.guard-failed', 'audit.head-lost'])
  })

  test('while another one is at work it waits, and takes over', async () => {
    const other = await pool().connect()
    await other.query('begin')
    await other.query(`select pg_advisory_xact_lock(hashtextextended('gatehouse audit appender', 0))`)
    await using appender = start()
    await trail.record(...someRecords(1))
    appender.kick()
    await sleep(50)
    expect(await count('audit')).toBe(0)
    await other.query('rollback')
    other.release()
    await until('the entry is appended', async () => (await count('audit')) === 1, 3_000)
    await appender.stop()
  })

  test('several processes make one chain, whoever is faster', async () => {
    const failures: AuditFailure[] = []
    await using stack = new AsyncDisposableStack()
    const appenders = [1, 2].map(() => {
      const database = openDatabase(trail.config, 2)
      stack.defer(() => database.close())
      return stack.use(start(failures, database.pool))
    })
    for (let i = 0; i < 20; i++) {
      await Promise.all([trail.record(...someRecords(40)), trail.record(...someRecords(3))])
      for (const appender of appenders) appender.kick()
    }
    await until('all entries are appended', async () => (await count('audit')) === 860)
    expect(failures).toEqual([])
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, entries: 860 })
  })

  test('a PostgreSQL that dies is reported and outlived, and nothing is lost or twice', async () => {
    const failures: AuditFailure[] = []
    await trail.record(...someRecords(100))
    await using appender = start(failures)
    await trail.kill()
    await until('the failure is reported', () => failures.length > 0, 5_000)
    appender.kick()
    await trail.start()
    await until('all entries are appended', async () => (await count('audit')) === 100, 15_000)
    await appender.stop()
    expect(new Set(failures)).toEqual(new Set(['audit.append-failed']))
    expect(await verifyAudit(pool(), trail.vault)).toMatchObject({ ok: true, entries: 100 })
  }, 30_000)
})
