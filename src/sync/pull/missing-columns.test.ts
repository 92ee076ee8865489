import { beforeEach, describe, expect, test } from 'vitest'
import type { Delivery, PeopleCapability } from '../../connector/contract.ts'
import { compileMapping } from '../../mapping/mapping.ts'
import type { SourceSetup } from '../context.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { columns, type HrRow, hrFile, hrRow } from '../fixtures/hr-file.fixture.ts'
import { newMemory, pull } from './pull.ts'
import { startSourceLoop } from './source-loop.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver(staff())
  await bench.rest()
})

const staff = (change: Partial<HrRow> = {}) => [0, 1, 2].map((who) => hrRow(who, change))
const file = (rows: readonly HrRow[], named: readonly string[] = columns, mode: 'full' | 'delta' = 'full') =>
  hrFile(rows, { arrivedAt: bench.context.now(), columns: named, mode })
const without = (...names: readonly string[]) => columns.filter((name) => !names.includes(name))
const take = (delivery: Delivery, source = bench.source, memory = newMemory()) =>
  pull(bench.context, source, delivery, new AbortController().signal, memory)
const shown = () => [...bench.target.users.values()].map(({ profile, lock }) => `${profile.name} ${lock}`).toSorted()

/** The same source with a mapping that somebody misspelt. */
const misspelt = (): SourceSetup => ({
  ...bench.source,
  mappingVersion: '2',
  mapping: compileMapping({ key: 'row.id', fields: { employeeNumber: 'row.nummer', left: 'row.status == "left"' } }),
})

describe('a delivery without a column that the mapping reads', () => {
  test.each(['full', 'delta'] as const)('changes nobody, is left where it is, and is alarmed: %s', async (mode) => {
    const before = shown()
    const leavers = file(staff({ status: 'left' }), without('number', 'cardState'), mode)
    expect(await take(leavers)).toMatchObject({ outcome: 'columns-missing', changed: 0, plan: null })
    await bench.rest()
    expect([shown(), leavers.settled]).toEqual([before, []])
    expect(await bench.alarms()).toContain('source.columns-missing')
    expect(await bench.rows('select place, field, code from pull_problem order by place')).toEqual([
      { place: 'column cardState', field: 'cards[0]', code: 'source.column-missing' },
      { place: 'column number', field: 'fields.employeeNumber', code: 'source.column-missing' },
    ])
    expect(
      await bench.rows(`select outcome, problems from pull where outcome = 'columns-missing' and not complete`),
    ).toEqual([{ outcome: 'columns-missing', problems: 2 }])
    expect(await bench.rows(`select actor from audit_pending where action = 'source.refused'`)).toHaveLength(1)
  })

  test('is told once as long as it is offered, and once more when others are missing', async () => {
    const memory = newMemory()
    for (const named of [without('number'), without('number'), without('email')])
      await take(file(staff(), named), bench.source, memory)
    expect(await bench.rows(`select from pull where outcome = 'columns-missing'`)).toHaveLength(2)
  })

  test('is read as soon as the mapping is right, and the alarm is over', async () => {
    const wrong = misspelt()
    const leavers = file([hrRow(0, { status: 'left' }), ...staff().slice(1)])
    expect((await take(leavers, wrong)).outcome).toBe('columns-missing')
    expect((await take(leavers)).outcome).toBe('taken')
    await bench.rest()
    expect(shown()).toEqual(['Person0 Test closed', 'Person1 Test open', 'Person2 Test open'])
    expect(await bench.alarms()).not.toContain('source.columns-missing')
  })

  test('keeps what came after it waiting: until the mapping changes, each look reads it once', async () => {
    let reads = 0
    const people: PeopleCapability = {
      async read() {
        reads += 1
        return file(staff())
      },
      async *watch(signal) {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
    }
    const loop = startSourceLoop(bench.context, misspelt(), people)
    const reports = await loop.drain()
    await loop.stop()
    expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['columns-missing']))
    expect(reads).toBe(reports.length)
    const memory = newMemory()
    await take(file(staff()), misspelt(), memory)
    expect(memory.waits).toBe('mapping')
  })
})

test('a column that an expression asks for may be missing', async () => {
  const fields = { employeeNumber: 'row.number', title: 'has(row.rank) ? row.rank : hidden()' } as const
  const source = { ...bench.source, mappingVersion: '3', mapping: compileMapping({ key: 'row.id', fields }) }
  expect((await take(file(staff()), source)).outcome).toBe('taken')
})
