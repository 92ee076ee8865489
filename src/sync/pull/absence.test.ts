import { beforeEach, describe, expect, test } from 'vitest'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrFile, hrRow } from '../fixtures/hr-file.fixture.ts'
import { pull } from './pull.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const all = [hrRow(1), hrRow(2), hrRow(3)]
const lockOf = async (who: number) => {
  await bench.rest()
  return bench.target.users.get(`n${who}`)?.lock
}
const causes = () => bench.rows<{ cause: string }>('select cause from lockout order by decided_at')

describe('who is missing from a complete full file', () => {
  beforeEach(async () => {
    await bench.deliver(all)
    await bench.rest()
  })

  test('is held, and locked out only when a second such file, late enough, lacks them too', async () => {
    expect(await bench.deliver(all.slice(1))).toMatchObject({ outcome: 'taken', missing: 1 })
    expect(await lockOf(1)).toBe('open')
    expect(await bench.heldPlan()).not.toBeNull()

    await bench.pass(20 * hour - minute)
    await bench.deliver([...all.slice(1), hrRow(4)])
    expect(await lockOf(1)).toBe('open')

    await bench.pass(minute)
    await bench.deliver([...all.slice(1), hrRow(4), hrRow(5)])
    expect(await lockOf(1)).toBe('closed')
    expect(await causes()).toEqual([{ cause: 'absence' }])
    expect(await bench.heldPlan()).toBeNull()
  })

  test("is not hidden by the row of somebody else: the one who claims it is frozen, with an alarm, and the other's stays theirs", async () => {
    const of = `(select row_digest from source_record where person_id = $1)`
    const [gone, there] = [await bench.personOf('n1'), await bench.personOf('n2')]
    await engine.tamper(`update source_record set row_digest = ${of} where person_id = $2`, [there, gone])

    expect(await bench.deliver(all.slice(1))).toMatchObject({ outcome: 'taken', missing: 0 })

    expect(await bench.rows(`select scope from alarm where code = 'guard.failed' and cleared_at is null`)).toEqual([
      { scope: gone },
    ])
    expect(await lockOf(2)).toBe('open')
  })

  test('is confirmed by the very same file as well, if it comes late enough', async () => {
    const files = [all.slice(1), all.slice(1), all.slice(1)]
    const outcomes: string[] = []
    for (const file of files) {
      outcomes.push((await bench.deliver(file)).outcome, (await lockOf(1)) ?? '')
      await bench.pass(10 * hour)
    }
    expect(outcomes).toEqual(['taken', 'open', 'unchanged', 'open', 'unchanged', 'closed'])
  })

  test('is not confirmed by the same file when it was incomplete', async () => {
    await bench.deliver(all.slice(1))
    await bench.deliver([...all.slice(1), hrRow(9, { id: '' })])
    await bench.pass(30 * hour)
    expect(await bench.deliver([...all.slice(1), hrRow(9, { id: '' })])).toMatchObject({
      outcome: 'unchanged',
      missing: 0,
    })
    expect(await lockOf(1)).toBe('open')
  })

  test('comes back by a row, and the clock of absence starts anew', async () => {
    await bench.deliver(all.slice(1))
    await bench.pass(15 * hour)
    await bench.deliver(all)
    expect(await bench.heldPlan()).toBeNull()
    await bench.pass(15 * hour)
    await bench.deliver(all.slice(1))
    expect(await lockOf(1)).toBe('open')
  })

  test('is let in again when a row names them after all', async () => {
    await bench.deliver(all.slice(1))
    await bench.pass(21 * hour)
    await bench.deliver([...all.slice(1), hrRow(4)])
    expect(await lockOf(1)).toBe('closed')
    await bench.deliver(all)
    expect(await lockOf(1)).toBe('open')
  })

  test('is locked out at once when a person releases the plan, and that confirms the absence', async () => {
    await bench.deliver(all.slice(1))
    expect(await bench.release((await bench.heldPlan()) as never)).toEqual({ applied: 1, dropped: 0 })
    expect(await lockOf(1)).toBe('closed')
    expect(await bench.rows(`select presence from source_record where presence <> 'present'`)).toEqual([
      { presence: 'gone' },
    ])
  })

  test('stays when a person rejects the plan, until a file brings news', async () => {
    await bench.deliver(all.slice(1))
    await bench.reject((await bench.heldPlan()) as never)
    await bench.followCalendar()
    expect(await bench.heldPlan()).toBeNull()
    expect(await lockOf(1)).toBe('open')
    await bench.deliver([...all.slice(1), hrRow(4)])
    expect(await bench.heldPlan()).not.toBeNull()
  })

  test('who has another job keeps what that job gives', async () => {
    await bench.deliver([...all, hrRow(1, { id: '1b', department: 'Sales' })])
    await bench.rest()
    await bench.deliver([...all.slice(1), hrRow(1, { id: '1b', department: 'Sales' })])
    await bench.pass(21 * hour)
    await bench.deliver([...all.slice(1), hrRow(1, { id: '1b', department: 'Sales' }), hrRow(4)])
    expect(await lockOf(1)).toBe('open')
    expect([...(bench.target.users.get('n1')?.levels ?? [])]).toEqual(['id of Main'])
  })

  test('a confirmation whose process was killed before it planned is planned by the next same file', async () => {
    await bench.deliver(all.slice(1))
    await bench.pass(21 * hour)
    for (
      let steps = 3;
      (await bench.rows(`select 1 from source_record where presence = 'gone'`)).length === 0;
      steps++
    ) {
      const dying = mortal(bench.context, bench.setup, steps)
      const file = hrFile(all.slice(1), { arrivedAt: bench.context.now() })
      await pull(dying.context, bench.source, file, new AbortController().signal).catch(() => undefined)
    }
    expect(await lockOf(1)).toBe('open')
    await bench.deliver(all.slice(1))
    expect(await lockOf(1)).toBe('closed')
  })
})

describe('a truncated file', () => {
  const many = Array.from({ length: 12 }, (_, i) => hrRow(i))
  const tight = { min: 5, percent: 2 }

  test('locks nobody out, even when it comes twice: the brake holds its plan until a person releases it', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, 'lockout-absence': tight } } })
    await bench.deliver(many)
    await bench.rest()
    await bench.deliver(many.slice(0, 4))
    await bench.pass(21 * hour)
    await bench.deliver([...many.slice(0, 4), hrRow(20)])
    await bench.rest()
    expect([...bench.target.users.values()].filter(({ lock }) => lock === 'closed')).toEqual([])
    const [plan] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
    expect(JSON.parse(plan?.holds ?? '')).toEqual([
      { kind: 'lockout-absence', target: 'doors', accounts: 8, limit: 5, why: 'brake' },
    ])
    expect(await bench.release((await bench.heldPlan()) as never)).toEqual({ applied: 8, dropped: 0 })
    await bench.rest()
    expect([...bench.target.users.values()].filter(({ lock }) => lock === 'closed')).toHaveLength(8)
  })

  test('still locks out the leaver that it names', async () => {
    await bench.deliver(many)
    await bench.rest()
    await bench.deliver([hrRow(0, { status: 'left' }), ...many.slice(1, 4)])
    expect(await lockOf(0)).toBe('closed')
    expect(await causes()).toEqual([{ cause: 'record' }])
    expect([...bench.target.users.values()].filter(({ lock }) => lock === 'closed')).toHaveLength(1)
  })
})

test('whose last day is over is a leaver by record, also when the next file lacks them and no clock has ticked since', async () => {
  await bench.deliver([hrRow(1, { end: '2026-03-02' }), hrRow(2)])
  await bench.rest()
  await bench.pass(day)
  await bench.deliver([hrRow(2)])
  expect(await lockOf(1)).toBe('closed')
  expect(await causes()).toEqual([{ cause: 'record' }])
})

test('who is released as absent while another, dated end of theirs has come is locked out, and nobody is left between', async () => {
  await bench.deliver([hrRow(1, { end: '2026-03-02' }), hrRow(2), hrRow(3)])
  await bench.rest()
  await bench.deliver([hrRow(1, { end: '2026-03-02' }), hrRow(3)])
  await bench.deliver([hrRow(1, { end: '2026-03-02', department: 'Sales' }), hrRow(3)])
  const plan = await bench.heldPlan()
  await bench.pass(day)
  await bench.release(plan as never)
  await bench.followCalendar()
  expect(await lockOf(1)).toBe('closed')
  expect(await lockOf(2)).toBe('closed')
})
