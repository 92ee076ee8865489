import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres } from '../../test/support/servers.ts'
import { auditActions } from './actions.ts'
import { appendOnce } from './append.ts'
import { type AuditEntry, parseHead } from './entry.ts'
import { readAudit } from './read.ts'
import type { AuditRecord } from './record.ts'
import { collect, openTrail, type TestTrail } from './testing.ts'
import { verifyAudit } from './verify.ts'

let trail: TestTrail
beforeAll(async () => {
  trail = await openTrail(await startPostgres(), 8)
}, 60_000)
afterAll(() => trail[Symbol.asyncDispose]())

const records: fc.Arbitrary<AuditRecord> = fc.record({
  actor: fc.constantFrom('policy', 'clock', 'engine', 'source:hr'),
  action: fc.constantFrom(...auditActions),
  object: fc.oneof(fc.constant(''), fc.uuid()),
  details: fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean())),
})

test('whatever is recorded by whom and appended in whatever batches makes one whole chain, and each damage shows', async () => {
  const transactions = fc.array(fc.array(records, { maxLength: 12 }), { minLength: 1, maxLength: 8 })
  const limits = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(transactions, limits, fc.integer({ min: 1, max: 50 }), async (batches, sizes, pageSize) => {
      await trail.empty()
      const { pool } = trail.database
      const total = batches.flat().length
      let recorded = false
      const appender = async (limit: number) => {
        for (;;) {
          const last = recorded
          const appended = await appendOnce(pool, trail.vault, limit)
          expect(appended?.findings ?? []).toEqual([])
          if (last && appended?.taken === 0) return
        }
      }
      const appenders = sizes.map(appender)
      await Promise.all(batches.map((batch) => trail.record(...batch)))
      recorded = true
      await Promise.all(appenders)

      const whole = await verifyAudit(pool, trail.vault, { pageSize })
      expect(whole).toMatchObject({ ok: true, entries: total })
      if (whole.head === null) return
      const entries = await collect(readAudit(pool, 0))
      const key = ({ actor, action, object }: AuditEntry | AuditRecord) => `${actor} ${action} ${object}`
      expect(entries.map(key).sort()).toEqual(batches.flat().map(key).sort())

      const expectedHead = parseHead(whole.head)
      await trail.tamper('create table kept as select * from audit')
      const victim = 1 + (pageSize % total)
      for (const damage of [
        'delete from audit where seq = $1',
        'update audit set seq = seq + 1 where seq >= $1',
        'update audit set seq = -seq where seq = $1',
        `update audit set at = at - interval '1 microsecond' where seq = $1`,
        `update audit set actor = actor || 'x' where seq = $1`,
        `update audit set action = 'x' where seq = $1`,
        `update audit set object = object || 'x' where seq = $1`,
        `update audit set details = set_byte(details, 20, get_byte(details, 20) # 1) where seq = $1`,
        'update audit set details_row = gen_random_uuid() where seq = $1',
        'update audit set hash = set_byte(hash, 31, get_byte(hash, 31) # 1) where seq = $1',
        'update audit set mac = set_byte(mac, 0, get_byte(mac, 0) # 1) where seq = $1',
      ]) {
        // The primary key is checked row by row, so numbers are moved from the end.
        if (damage.includes('seq + 1')) {
          for (let seq = total; seq >= victim; seq--) {
            await trail.tamper(damage.replace('>= $1', '= $1'), [seq])
          }
        } else await trail.tamper(damage, [victim])
        const found = await verifyAudit(pool, trail.vault, { pageSize, expectedHead })
        expect([damage, found.ok]).toEqual([damage, false])
        expect([damage, found.brokenAt]).toEqual([damage, damage.includes('-seq') ? 1 : victim])
        await trail.tamper('truncate audit')
        await trail.tamper('insert into audit select * from kept')
      }
      expect(await verifyAudit(pool, null, { pageSize, expectedHead })).toMatchObject({ ok: true, entries: total })
      await trail.tamper('drop table kept')
    }),
    { numRuns: 8, endOnFailure: true },
  )
}, 120_000)
