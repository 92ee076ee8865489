import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startPostgres } from '../../test/support/servers.ts'
import { newId, type SubjectId } from '../model/id.ts'
import { exportAudit } from './export.ts'
import { pinnedKeys } from './signed-line.ts'
import { collect, openTrail, someRecords, type TestTrail } from './testing.ts'
import { verifyAudit } from './verify.ts'
import { verifyExport } from './verify-export.ts'

let trail: TestTrail
beforeAll(async () => {
  trail = await openTrail(await startPostgres())
  // What people's keys are looked for in.
  await trail.tamper('grant select on all tables in schema gatehouse to runtime')
}, 60_000)
afterAll(() => trail[Symbol.asyncDispose]())
beforeEach(() => trail.empty())

const subject = newId<SubjectId>()
const pool = () => trail.database.pool

async function exported(sealed = false): Promise<string[]> {
  const parts = await collect(await exportAudit(pool(), trail.vault, { subject, sealed }))
  return parts.join('').split('\n').slice(0, -1)
}

const keyrings = () => {
  const pinned = pinnedKeys(trail.vault.signing.publicKey)
  return [
    { pinned, vault: trail.vault },
    { pinned, vault: null },
  ]
}

test('all pages are written, to lines that verify as the trail does; who took it out is in the trail', async () => {
  await trail.record(...someRecords(1_100))
  await trail.appendAll()
  const stored = await verifyAudit(pool(), trail.vault)
  const lines = await exported()
  expect(lines).toHaveLength(1_101)
  for (const keys of keyrings()) expect(await verifyExport(lines, keys)).toMatchObject(stored)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ seq: 1, opened: { parts: ['lock', 'card-0'] } })
  await trail.appendAll()
  const [own] = (await exported(true)).slice(-2)
  expect(JSON.parse(own ?? '')).toMatchObject({ actor: subject, action: 'audit.exported', object: '' })
})

test('sealed, it says nothing in clear, and verifies just so', async () => {
  await trail.record(...someRecords(3))
  await trail.appendAll()
  const lines = await exported(true)
  expect(lines.join()).not.toContain('card-')
  expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('opened')
  for (const keys of keyrings()) expect(await verifyExport(lines, keys)).toMatchObject({ ok: true, entries: 3 })
})

test('details that nobody can open are told as that', async () => {
  const about = trail.vault.newDataKey().key
  const record = { actor: subject, action: 'person.locked', object: newId<SubjectId>() } as const
  await trail.record({ ...record, details: { reason: 'gone with the key' }, about })
  await trail.appendAll()
  const lines = await exported()
  expect(JSON.parse(lines[0] ?? '')).toHaveProperty('opened', null)
  for (const keys of keyrings()) expect(await verifyExport(lines, keys)).toMatchObject({ ok: true, entries: 1 })
})

test.each([
  [`actor = 'clock'`, 2, 'changed'],
  [`mac = hash`, 2, 'forged'],
  [`seq = 9`, 2, 'gap'],
  [`seq = 0`, 1, 'out-of-order'],
  [`actor = repeat('x', 300)`, 2, 'changed'],
])(
  'where a superuser set %s, all is written all the same, and the gateway signs that it is broken',
  async (change, brokenAt, why) => {
    await trail.record(...someRecords(3))
    await trail.appendAll()
    await trail.tamper(`update audit set ${change} where seq = 2`)
    const lines = await exported()
    expect(lines).toHaveLength(4)
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ content: { lines: 3, brokenAt, why } })
    for (const keys of keyrings()) expect(await verifyExport(lines, keys)).toMatchObject({ ok: false, brokenAt, why })
  },
)
