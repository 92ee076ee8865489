import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { resolveEveryone } from './re-resolve.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const deliver = async (...rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const user = (id: string) => bench.target.users.get(id)
const levels = (id: string) => [...(user(id)?.levels ?? [])].sort()

describe('a source that the configuration names no more', () => {
  test('takes nothing from the people it spoke of', async () => {
    await deliver(hrRow(1), hrRow(2))
    const before = structuredClone([...bench.target.users])
    ;(bench.context.sources as Map<string, unknown>).delete('hr')
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect([...bench.target.users]).toEqual(before)
  })
})

describe('a target that the configuration names no more', () => {
  test('gets nothing of what waits for it, and no release of it', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, change: { min: 0, percent: 0 } } } })
    await deliver(hrRow(1))
    await deliver(hrRow(1, { family: 'Other' }))
    ;(bench.context.targets as Map<string, unknown>).delete('doors')
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2)])
    const [plan] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
    expect(JSON.parse(plan?.holds ?? '[]')).toMatchObject([{ kind: 'change', why: 'observe' }])
    await expect(bench.release((await bench.heldPlan()) as never)).rejects.toMatchObject({ code: 'plan.observed' })
    expect(user('n1')?.profile.name).toBe('Person1 Test')
  })
})

test('an extra account is left as it is while nobody can tell whether its person is still here', async () => {
  await deliver(hrRow(1))
  bench.target.users.set('x1', existing({ name: 'Second', levels: ['Vault'] }))
  await match(bench)
  const person = await bench.personOf('n1')
  await linkByHand(bench.context, 'doors', 'x1', person, bench.operator, 'second badge', bench.brakes)
  await deliver(hrRow(1, { end: 'hidden' }))
  expect([user('x1')?.lock, levels('x1'), user('n1')?.lock]).toEqual(['open', ['id of Vault'], 'open'])
  expect(await bench.rows('select 1 from account where pending')).toEqual([])
})

test('a lock-out that waits for a suspect source stays the source’s, whatever else is to be taken away meanwhile', async () => {
  bench = await engine.begin({ source: { lockoutsPerHour: { min: 1, percent: 0 } } })
  const staff = (status: 'active' | 'left') => [1, 2, 3].map((who) => hrRow(who, { status }))
  await deliver(...staff('active'))
  await deliver(...staff('left'))
  await bench.pass(8 * day)
  await bench.followCalendar()
  const waiting = await bench.rows('select wanted_by from account where suspect_at is not null')
  expect(waiting).toEqual([{ wanted_by: 'source:hr' }, { wanted_by: 'source:hr' }])
  const plan = await bench.heldPlan()
  expect(plan).not.toBeNull()
  await bench.release(plan as never)
  await bench.rest()
  expect([1, 2, 3].map((who) => user(`n${who}`)?.lock)).toEqual(['closed', 'closed', 'closed'])
  await deliver(...staff('left'))
  expect([1, 2, 3].map((who) => levels(`n${who}`))).toEqual([[], [], []])
})
