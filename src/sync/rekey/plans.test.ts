import { beforeEach, describe, expect, test } from 'vitest'
import type { PlanId } from '../../model/id.ts'
import { type PlanRow, planGuard } from '../../store/guards.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { opens } from '../fixtures/memory-target.fixture.ts'
import { finishReleases } from '../plan/release-plan.ts'
import { replaceAll } from './rekey.fixture.ts'

const engine = useEngine()
const none = { min: 0, percent: 0 }
let bench: Bench

const changesOf = (state: string) =>
  bench.rows<{ kind: string; before: string | null; after: string | null }>(
    `select c.kind, c.before, c.after from plan_change c join plan p on p.id = c.plan_id
      where p.state = $1 order by c.kind, c.account_id, c.part`,
    [state],
  )
/** Every plan that waits; how many changes were made, and how many not. */
async function letGo(): Promise<{ applied: number; dropped: number }> {
  const done = { applied: 0, dropped: 0 }
  for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`)) {
    const { applied, dropped } = await bench.release(id)
    done.applied += applied
    done.dropped += dropped
  }
  return done
}
const nameOf = (who: number) => bench.target.users.get(`n${who}`)?.profile.name

/** New accounts wait from the start; released, two others are there, of whom one was deleted again. */
beforeEach(async () => {
  bench = await engine.begin({ leaver: { deleteAfterMs: day } })
  const { source } = bench
  Object.assign(source.brakes, { create: none, change: none, delete: none })
  await bench.deliver([hrRow(1), hrRow(2)])
  await letGo()
  await bench.rest()
})

describe('a plan that waits while all keys are replaced', () => {
  test('makes the accounts, changes and deletions that it was made of, and not one more or less', async () => {
    const left = { status: 'left' } as const
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2, left)])
    await bench.rest()
    await bench.pass(20 * day)
    await bench.followCalendar()
    await bench.rest()
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2, left), hrRow(3, { end: '2026-12-31' }), hrRow(4)])
    const before = await changesOf('held')
    expect([...new Set(before.map(({ kind }) => kind))]).toEqual(['change', 'create', 'delete'])
    const { tally } = await replaceAll(bench)
    expect(tally.sum('refused') + tally.sum('unreadable')).toBe(0)
    const after = await changesOf('held')
    expect(after.map(({ kind }) => kind)).toEqual(before.map(({ kind }) => kind))
    const names = before.flatMap((each) => (each.kind === 'delete' ? [] : (each.after ?? [])))
    expect(names.filter((name) => JSON.stringify(after).includes(name))).toEqual([])
    expect(await letGo()).toEqual({ applied: before.length, dropped: 0 })
    await bench.rest()
    expect([1, 2, 3, 4].map(nameOf)).toEqual(['Person1 Other', undefined, 'Person3 Test', 'Person4 Test'])
    expect(opens(bench.target.users.get('n3'), bench.context.now())).toBe(true)
  })

  test('does not make an account of which somebody changed what is wanted: it stays another one, and is refused', async () => {
    await bench.deliver([hrRow(1), hrRow(2), hrRow(3), hrRow(4)])
    const wanted = (who: number, text: string) => bench.personOf(`n${who}`).then((id) => engine.tamper(text, [id]))
    await wanted(3, `update account set wanted = 'nothing that can be read' where person_id = $1`)
    await wanted(
      4,
      `update account set wanted = replace(wanted, '"levels":[', '"levels":["vault",') where person_id = $1`,
    )
    const { tally } = await replaceAll(bench)
    expect(tally.of('account').refused).toBe(2)
    await letGo()
    await bench.rest()
    expect([3, 4].map(nameOf)).toEqual([undefined, undefined])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('was let go, and its release cut off: that goes on, of the very same changes', async () => {
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2)])
    await letGo()
    const { vault } = bench.context
    const [row] = await bench.rows<PlanRow>(`select * from plan order by decided_at desc limit 1`)
    const begun = { ...(row as PlanRow), applied_at: null }
    await bench.rows('update plan set applied_at = null, guard = $2 where id = $1', [
      begun.id,
      vault.guard('plan', planGuard(begun)),
    ])
    await replaceAll(bench)
    await finishReleases(bench.context)
    expect(await bench.rows('select from plan where applied_at is null')).toEqual([])
    expect(await bench.alarms()).not.toContain('guard.failed')
    await bench.rest()
    expect(nameOf(1)).toBe('Person1 Other')
  })

  test('of somebody whose key does not open any more names nothing of theirs', async () => {
    await bench.deliver([hrRow(1, { family: 'Other' }), hrRow(2)])
    await engine.tamper('update person_key set wrapped = $2 where id = (select key_id from person where id = $1)', [
      await bench.personOf('n1'),
      Buffer.alloc(61),
    ])
    await replaceAll(bench)
    const done = await letGo().catch((error: unknown) => error)
    await bench.rest()
    expect(done).toMatchObject({ applied: 0 })
    expect(nameOf(1)).toBe('Person1 Test')
  })
})
