import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { verifyLockouts } from '../audit/lockout-lines.ts'
import { pinnedKeys, signLine, verifyLine } from '../audit/signed-line.ts'
import { lockoutViews } from '../main/lockout-views.ts'
import type { LockoutFilter } from '../store/lockouts.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { type Bench, minute, second, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { exportLockouts } from './lockout-export.ts'
import { lockPerson, unlockPerson } from './operator.ts'

const engine = useEngine()
let bench: Bench

const rows: HrRow[] = ['1', '2', '3'].map((id) => ({
  ...{ id, number: `planted-${id}`, given: 'Ada', family: `Planted${id}`, department: 'Sales', card: `6010${id}` },
}))

/** Three people: one left and is proven out, one is locked while the target is away, one was let in again before it was proven. */
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver(rows)
  await bench.rest()
  await bench.deliver([{ ...(rows[0] as HrRow), status: 'left' }, ...rows.slice(1)])
  await bench.rest()
  await bench.pass(minute)
  await lockPerson(bench.context, await bench.personOf('planted-2'), bench.operator, 'badge found in the yard')
  await bench.pass(minute)
  const third = await bench.personOf('planted-3')
  await lockPerson(bench.context, third, bench.operator, 'wrong person')
  await bench.pass(10 * second)
  await unlockPerson(bench.context, third, bench.operator, 'was the wrong one', 1)
})

const keys = () => pinnedKeys(engine.vault.signing.publicKey)

async function exported(filter: LockoutFilter = {}): Promise<string[]> {
  let text = ''
  for await (const part of await exportLockouts(bench.context, filter, bench.operator)) text += part
  expect(text.endsWith('\n')).toBe(true)
  return text.trimEnd().split('\n')
}

const contents = (lines: readonly string[]) =>
  lines.map((line) => {
    const verified = verifyLine(line, keys())
    if (typeof verified === 'string') throw new Error(verified)
    return verified.content
  })

test('each lock-out is a line with its steps; whoever has the public key verifies all of them', async () => {
  const lines = await exported()
  expect(contents(lines)).toMatchObject([
    {
      ...{ state: 'proven', credential: null, cause: 'record', target: 'doors', proof: 'read-back', endedAt: null },
      ...{ person: await bench.personOf('planted-1'), startedAt: expect.any(String), acceptedAt: expect.any(String) },
    },
    { state: 'open', cause: 'operator', person: await bench.personOf('planted-2'), startedAt: null, provenAt: null },
    {
      state: 'taken-back',
      cause: 'operator',
      person: await bench.personOf('planted-3'),
      endedAt: '2026-03-02T08:02:10.000Z',
    },
    { lines: 3, since: null, until: null, person: null },
  ])
  expect(await verifyLockouts(lines, keys())).toMatchObject({
    ...{ ok: true, gateway: engine.vault.gatewayId, lockouts: 3, proofs: { 'read-back': 1 }, brokenAt: null },
    states: { proven: 1, open: 1, 'taken-back': 1, 'signed-off': 0, 'not-provable': 0 },
  })
  for (const planted of ['Planted', 'planted', 'found in the yard']) expect(lines.join()).not.toContain(planted)
  // By itself: within a random id or a signature any digits can stand.
  expect(lines.join()).not.toMatch(/\b6010[123]\b/)
})

test('a time or a person narrows it down, and the last line says so', async () => {
  const since = new Date('2026-03-02T08:01:00Z')
  const until = new Date('2026-03-02T08:02:00Z')
  const person = await bench.personOf('planted-2')
  expect(contents(await exported({ since, until }))).toMatchObject([
    { person },
    { lines: 1, since: since.toISOString(), until: until.toISOString() },
  ])
  expect(contents(await exported({ person }))).toMatchObject([{ person }, { lines: 1, person }])
  const nobody = await exported({ person: randomUUID() })
  expect(contents(nobody)).toMatchObject([{ lines: 0 }])
  expect(await verifyLockouts(nobody, keys())).toMatchObject({ ok: true, lockouts: 0, slowestMs: null })
})

test('who took it out is in the audit trail', async () => {
  const person = await bench.personOf('planted-2')
  await exported({ person })
  expect(await bench.rows(`select actor, object from audit_pending where action = 'lockout.exported'`)).toEqual([
    { actor: bench.operator, object: person },
  ])
})

test('lines that are missing, doubled, moved, changed or made elsewhere are found', async () => {
  const lines = await exported()
  const [first, second, third, end] = lines as [string, string, string, string]
  const stranger = openVault(createKeyring({ stamp: 'demo' }))
  const both = pinnedKeys(engine.vault.signing.publicKey + stranger.signing.publicKey)
  const why = async (given: readonly string[], pins = keys()) => {
    const { ok, brokenAt, why } = await verifyLockouts(given, pins)
    expect(ok).toBe(why === null)
    return [brokenAt, why]
  }
  expect(await why([first, third, end])).toEqual([3, 'incomplete'])
  expect(await why([first, first, second, third, end])).toEqual([5, 'incomplete'])
  expect(await why([second, first, third, end])).toEqual([4, 'incomplete'])
  expect(await why([first, second, third])).toEqual([4, 'cut-off'])
  expect(await why([])).toEqual([1, 'cut-off'])
  expect(await why([...lines, first])).toEqual([5, 'after-end'])
  expect(await why([first.replace('read-back', 'at-reader'), second, third, end])).toEqual([1, 'forged'])
  expect(await why([first, 'x', third, end])).toEqual([2, 'malformed'])
  expect(await why([first, signLine(stranger, 'lockout/1', {})])).toEqual([2, 'unknown-key'])
  expect(await why([first, signLine(stranger, 'lockout/1', {})], both)).toEqual([2, 'foreign'])
  expect(await why([signLine(engine.vault, 'lockout/1', { state: 'proven' })])).toEqual([1, 'malformed'])
  expect(await why([signLine(engine.vault, 'other/1', {})])).toEqual([1, 'malformed'])
  expect(await why([signLine(engine.vault, 'lockout-export/1', {})])).toEqual([1, 'malformed'])
  expect(await why(['', ...lines.map((line) => `${line}\r\n`), ''])).toEqual([null, null])
})

test('a row that somebody wrote to is exported as not provable, and alarmed', async () => {
  await engine.tamper(
    `update lockout set proven_at = decided_at, proof = 'at-reader' where proven_at is null and ended_at is null`,
  )
  await engine.tamper(`update lockout set arrived_at = arrived_at + interval '1 h' where proof = 'read-back'`)
  const lines = await exported()
  expect(contents(lines)).toMatchObject([
    { state: 'not-provable', fault: 'decision', claimed: { proof: 'read-back' } },
    { state: 'not-provable', fault: 'steps', claimed: { proof: 'at-reader' } },
    { state: 'taken-back' },
    { lines: 3 },
  ])
  expect(await verifyLockouts(lines, keys())).toMatchObject({ ok: true, states: { proven: 0, 'not-provable': 2 } })
  expect(await bench.rows(`select from alarm where code = 'guard.failed'`)).toHaveLength(2)
})

test('they are listed page by page, those that are open first, and by what is asked for', async () => {
  const list = (filter: Parameters<typeof lockoutViews>[1], after?: string, limit = 50) =>
    lockoutViews(bench.context, filter, { limit, ...(after === undefined ? {} : { after }) })
  const states = async (filter: Parameters<typeof lockoutViews>[1]) =>
    (await list(filter)).rows.map(({ state }) => state)

  const seen: string[] = []
  let next: string | null | undefined
  do {
    const page = await list({}, next ?? undefined, 1)
    seen.push(...page.rows.map(({ state }) => state))
    next = page.next
  } while (next !== null)
  // The newest of those that are over is the one that was taken back.
  expect(seen).toEqual(['open', 'taken-back', 'proven'])
  expect(await states({})).toEqual(seen)
  for (const state of ['open', 'proven', 'taken-back'] as const) expect(await states({ state })).toEqual([state])
  expect(await states({ state: 'signed-off' })).toEqual([])
  expect(await states({ target: 'doors', person: await bench.personOf('planted-1') })).toEqual(['proven'])
  const decided = new Date('2026-03-02T08:02:00Z')
  expect([await states({ since: decided }), await states({ until: decided })]).toEqual([
    ['taken-back'],
    ['open', 'proven'],
  ])
  await expect(list({ target: 'nowhere' })).rejects.toMatchObject({ code: 'target.unknown' })
  await expect(list({}, 'shut/1')).rejects.toMatchObject({ code: 'page.unknown-cursor' })
})

test('a page goes on where the one before ended, also when the last that it showed is proven by then', async () => {
  const first = await lockoutViews(bench.context, {}, { limit: 1 })
  await bench.rest()
  const rest = await lockoutViews(bench.context, {}, { limit: 50, after: first.next ?? '' })
  expect(rest.rows.map(({ state }) => state)).toEqual(['taken-back', 'proven', 'proven'])
  expect(rest.rows[1]?.id).toBe(first.rows[0]?.id)
})

test('a row that somebody wrote to is listed as not provable', async () => {
  await engine.tamper(
    `update lockout set proven_at = now(), proof = 'at-reader' where proven_at is null and ended_at is null`,
  )
  expect((await lockoutViews(bench.context, { state: 'proven' }, { limit: 50 })).rows).toMatchObject([
    { state: 'not-provable' },
    { state: 'proven' },
  ])
})
