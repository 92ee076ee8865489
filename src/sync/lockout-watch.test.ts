import { beforeEach, describe, expect, test } from 'vitest'
import { h10301 } from '../model/card.ts'
import type { LockoutRow } from '../store/guards.ts'
import { loseCard, resumeCard, suspendCard } from './cards.ts'
import { type Bench, day, hour, minute, second, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { watchLockouts } from './lockout-watch.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { watchTheTime } from './sweep.ts'

const engine = useEngine()
let bench: Bench
let look: () => Promise<void>

const person: HrRow = { ...{ id: '1', number: 'n1', given: 'Ada', family: 'Test', department: 'Sales', card: '100' } }
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([person])
  await bench.rest()
  look = watchLockouts(bench.context)
})

const lock = async () => lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'badge lost')
const lockout = async () => (await bench.rows<LockoutRow>('select * from lockout order by decided_at'))[0] as LockoutRow
const forgeProof = () =>
  engine.tamper(
    `update lockout set started_at = decided_at, accepted_at = decided_at, proven_at = decided_at, proof = 'at-reader', requests = 3`,
  )
const findings = async () =>
  (await bench.rows<{ object: string }>(`select object from audit_pending where action = 'guard.failed'`)).map(
    ({ object }) => object,
  )
const isShut = () => bench.target.users.get('n1')?.lock === 'closed'

describe('a proof that somebody wrote into the table', () => {
  test('counts for nothing: the lock-out is open again, alarmed, and carried out', async () => {
    const [id] = await lock()
    await look()
    // He takes the work away, too, so that nobody would ever look at the account again.
    await forgeProof()
    await engine.tamper('delete from account_work')
    await engine.tamper('update account set applied_version = desired_version')
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null, proof: null, started_at: null, requests: 0 })
    expect(await bench.alarms()).toContain('guard.failed')
    expect(await findings()).toEqual([id])
    expect(bench.logged).toContainEqual({ event: 'guard.failed', fields: { scope: id } })
    await bench.rest()
    expect(isShut()).toBe(true)
    expect(await lockout()).toMatchObject({ proof: 'read-back' })
    await look()
    expect(await findings()).toEqual([id])
  })

  test('is found however old he makes it, once the lock-out was seen open', async () => {
    await lock()
    await look()
    await bench.pass(3 * day)
    await look()
    await forgeProof()
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null })
  })

  test('is found by a process that begins to look, in what was decided within a day', async () => {
    await lock()
    await forgeProof()
    await bench.pass(23 * hour)
    await watchLockouts(bench.context)()
    expect(await lockout()).toMatchObject({ proven_at: null })
  })

  test('does not survive a run that settles first, nor lend its times to it', async () => {
    const [id] = await lock()
    await engine.tamper(
      `update lockout set started_at = decided_at - interval '1 h', proven_at = decided_at, proof = 'at-reader'`,
    )
    await bench.pass(second)
    await bench.rest()
    const row = await lockout()
    expect(row.proof).toBe('read-back')
    expect(row.started_at?.getTime()).toBeGreaterThan(row.decided_at.getTime())
    expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([{ scope: id }])
  })

  test('taken back by him, it is open again; taken back by an operator, it stays so', async () => {
    await lock()
    await engine.tamper('update lockout set ended_at = decided_at')
    await look()
    expect(await lockout()).toMatchObject({ ended_at: null })
    await engine.tamper('update lockout set ended_at = decided_at')
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'badge found', 1)
    await look()
    expect((await lockout()).ended_at).toEqual(bench.context.now())
    expect(await bench.alarms()).toContain('guard.failed')
    await forgeProof()
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null, ended_at: bench.context.now() })
    await bench.rest()
    expect(isShut()).toBe(false)
  })

  test('on an account whose row fails its guard changes nothing but the lock-out', async () => {
    await lock()
    await forgeProof()
    await engine.tamper(`delete from account_work; update account set wanted_by = 'source:other'`)
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null })
    expect(await bench.rows('select from account_work')).toEqual([])
  })
})

describe('a proof of a single card', () => {
  const card = { card: h10301(7, 100), person: null }
  const shows = () => [...(bench.target.users.get('n1')?.cards.values() ?? [])].map(({ state }) => state)

  test('that somebody wrote has its card asked for again', async () => {
    await loseCard(bench.context, card, bench.operator, 'found on the street')
    await forgeProof()
    await engine.tamper(`delete from account_work; update account set applied_version = desired_version`)
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null, ended_at: null })
    await bench.rest()
    expect([shows(), (await lockout()).proof]).toEqual([['blocked'], 'read-back'])
  })

  test('ends when the card is on again by then', async () => {
    await suspendCard(bench.context, card, bench.operator, 'looked for')
    await resumeCard(bench.context, card, bench.operator, 'found')
    await engine.tamper(`update lockout set ended_at = null, proven_at = decided_at, proof = 'at-reader'`)
    await look()
    expect(await lockout()).toMatchObject({ proven_at: null, ended_at: bench.context.now() })
    await bench.rest()
    expect(shows()).toEqual(['on'])
  })
})

test('of two who find the same forgery, one tells', async () => {
  const [id] = await lock()
  await forgeProof()
  await Promise.all([look(), watchLockouts(bench.context)()])
  expect(await findings()).toEqual([id])
})

test('a decision that somebody changed is alarmed once, and its steps are left as they are', async () => {
  const [id] = await lock()
  await bench.rest()
  await engine.tamper(`update lockout set arrived_at = arrived_at + interval '1 s'`)
  await look()
  await look()
  expect(await findings()).toEqual([id])
  expect(await lockout()).toMatchObject({ proof: 'read-back' })
  await engine.tamper('update lockout set guard = null')
  await look()
  expect(await findings()).toEqual([id])
})

test('what is as Gatehouse wrote it is left in peace, also after a late write and a second proof', async () => {
  await lock()
  await bench.rest()
  for (let at = 0; at < 3; at++) {
    await look()
    await bench.pass(minute)
  }
  await watchTheTime(bench.context)
  expect(await bench.alarms()).toEqual([])
})
