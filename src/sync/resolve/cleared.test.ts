/** A field that its source cleared is cleared at the target; one of which nobody speaks stays, and a delivery that lost a column clears nothing. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { compileMapping } from '../../mapping/mapping.ts'
import type { PlanId } from '../../model/id.ts'
import { readFacts } from '../account-facts.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { columns, type HrRow, hrFile, hrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { adoptMatches } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { targetOrigin } from '../origin.ts'
import { pull } from '../pull/pull.ts'
import { acceptColumns } from '../pull/pull-brakes.ts'
import { enableTarget } from '../target-modes.ts'

const engine = useEngine()
let bench: Bench

const staff = 5
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const everybody = (more: Partial<HrRow> = {}) => Array.from({ length: staff }, (_, who) => row(who, more))
const departments = () => [...bench.target.users.values()].map(({ profile }) => profile.department)
const all = (department: string | undefined) => Array.from({ length: staff }, () => department)
const held = async (origin?: string) => (await bench.heldPlan(origin)) as PlanId
const begin = async (source: Parameters<typeof hrSource>[1] = {}) => {
  bench = await engine.begin({ source })
  await bench.deliver(everybody())
  await bench.rest()
}
beforeEach(() => begin())

describe('a field that is empty in the source', () => {
  test('is cleared at the target, and filled again', async () => {
    await bench.deliver([row(0, { department: '' }), ...everybody().slice(1)])
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile).toEqual({ name: 'Person0 Test' })
    expect(departments().slice(1)).toEqual(all('Sales').slice(1))
    await bench.deliver(everybody())
    await bench.rest()
    expect(departments()).toEqual(all('Sales'))
  })

  test('stays as it is where it is hidden, or where a record is only missing', async () => {
    const other = { id: 'other', person: 'p', number: 'n0' } as const
    await begin({ absenceConfirmAfterMs: day })
    const first = row(0, { person: 'p', start: '2026-01-01' })
    await bench.deliver([first, { ...other, department: '' }, ...everybody().slice(1)])
    await bench.rest()
    await bench.deliver([{ ...other, department: '' }, ...everybody().slice(1)])
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile).toEqual({ name: 'Person0 Test', department: 'Sales' })
    await bench.deliver([{ ...first, department: 'hidden' }, { ...other, department: '' }, ...everybody().slice(1)])
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile).toEqual({ name: 'Person0 Test', department: 'Sales' })
  })

  test('counts as a change for the brake: a column that was emptied clears nobody until a person lets it', async () => {
    await begin({ brakes: { ...bench.brakes, change: { min: 2, percent: 0 } } })
    await bench.deliver(everybody({ department: '' }))
    await bench.rest()
    expect(departments()).toEqual(all('Sales'))
    const plan = await held()
    expect(await bench.rows('select distinct kind, part from plan_change where plan_id = $1', [plan])).toEqual([
      { kind: 'change', part: 'profile' },
    ])
    await bench.release(plan)
    await bench.rest()
    expect(departments()).toEqual(all(undefined))
  })
})

test('whatever two sources say in whatever order, the target shows the word that counts, or keeps what nobody tells about', async () => {
  const step = fc.record({
    source: fc.constantFrom('hr', 'other'),
    says: fc.constantFrom('Sales', 'Stores', '', 'hidden'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      bench = await engine.begin({ sources: [hrSource('other')] })
      const words: Record<string, string> = {}
      let shown: string | undefined
      for (const { source, says } of steps) {
        words[source] = says
        // The one that began last is asked first.
        const start = source === 'hr' ? '2026-01-01' : '2025-01-01'
        await bench.deliver([row(0, { start, department: says })], { source })
        await bench.rest()
        const said = [words.hr, words.other].filter((word) => word !== undefined)
        const value = said.find((word) => word !== '' && word !== 'hidden')
        if (value !== undefined) shown = value
        else if (!said.includes('hidden')) shown = undefined
        expect(bench.target.users.get('n0')?.profile.department).toBe(shown)
      }
    }),
    { numRuns: 6 },
  )
})

test('a delivery that lost the column is not read, and once no mapping names the field it is left alone', async () => {
  const lost = { columns: columns.filter((name) => name !== 'department') }
  expect((await bench.deliver(everybody({ family: 'Other' }), lost)).outcome).toBe('columns-missing')
  await bench.rest()
  expect(departments()).toEqual(all('Sales'))
  const dates = { start: 'date(row.start, "yyyy-MM-dd")', end: 'date(row.end, "yyyy-MM-dd")', lastWorkingDay: 'null' }
  const states = { left: 'row.status == "left"', suspended: 'row.status == "suspended"' }
  const names = { employeeNumber: 'row.number', givenName: 'row.given', familyName: 'row.family' }
  const fields = { ...names, ...dates, ...states }
  const source = { ...bench.source, mappingVersion: '2', mapping: compileMapping({ key: 'row.id', fields }) }
  const file = hrFile(everybody({ family: 'Other' }), { ...lost, arrivedAt: bench.context.now() })
  const taken = async () => (await pull(bench.context, source, file, new AbortController().signal)).outcome
  expect(await taken()).toBe('columns-moved')
  await acceptColumns(bench.context, 'hr', bench.operator, 'the department comes no more')
  expect(await taken()).toBe('taken')
  await bench.rest()
  expect([...bench.target.users.values()].map(({ profile }) => profile)).toEqual(
    everybody().map(({ given }) => ({ name: `${given} Other`, department: 'Sales' })),
  )
})

test('at first contact what an account shows of an empty field is a change of the plan, and stays until it is released', async () => {
  bench = await engine.begin({ enabled: false })
  bench.target.users.set('n0', existing({ name: 'Person0 Test', department: 'Stores' }))
  bench.target.users.set('n1', existing({ name: 'Person1 Test' }))
  await bench.deliver([row(0, { department: '' }), row(1, { department: '' })])
  await match(bench)
  await adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
  await bench.rest()
  expect(bench.target.users.get('n0')?.profile.department).toBe('Stores')
  await enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
  const plan = await held(targetOrigin('doors'))
  // Of the second there is nothing to clear.
  expect(await bench.rows(`select kind from plan_change where plan_id = $1 and part = 'profile'`, [plan])).toEqual([
    { kind: 'change' },
  ])
  await bench.release(plan)
  await bench.rest()
  expect(bench.target.users.get('n0')?.profile).toEqual({ name: 'Person0 Test' })
})

test('facts that were sealed before fields could be cleared clear nothing', () => {
  const validity = { from: null, until: null }
  const facts = { familyName: 'Example', email: null }
  expect(readFacts(JSON.stringify({ facts, validity }))).toEqual({ facts: { familyName: 'Example' }, validity })
  expect(readFacts(JSON.stringify({ form: 2, facts, validity }))).toEqual({ facts, validity })
})
