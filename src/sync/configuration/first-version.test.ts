import { expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { useEngine } from '../fixtures/engine.fixture.ts'
import { releaseFirst } from './offer.ts'

// A file of its own: what is chained in the audit trail stays there for the tests that follow.
const engine = useEngine()

test('there is no second first version, whatever somebody deletes beside the audit trail', async () => {
  const bench = await engine.begin()
  const release = (level: string) =>
    releaseFirst(bench.context, { policy: [{ grant: [`doors/${level}`], to: 'true' }] })
  expect(await release('Main')).toBe(true)
  const emptied = ['plan_change', 'plan', 'lockout', 'source_record', 'account', 'person', 'config_version', 'target']
  await engine.tamper(emptied.map((table) => `delete from ${table}`).join(';'))
  expect(await release('Vault')).toBe(false)
  while (((await appendOnce(engine.database.pool, engine.vault))?.taken ?? 0) > 0);
  expect(await bench.rows('select from audit_pending')).toEqual([])
  expect(await release('Vault')).toBe(false)
})
