import { expect, test } from 'vitest'
import { cardNumberOf, expectationOf } from './expectation.ts'
import { ordinaryRow } from './workforce/ordinary-row.ts'
import type { WorkerRow } from './workforce/worker-row.ts'
import { makeWorkforce } from './workforce/workforce.ts'

const zones = new Map([
  ['Sampleton', 'Europe/Berlin'],
  ['Port Placeholder', 'America/Los_Angeles'],
  ['Mount Example', 'Australia/Sydney'],
  ['Testville', 'Asia/Kolkata'],
])
// 21:30 on 1 March in Los Angeles, 06:30 on the 2nd in Berlin, 16:30 on the 2nd in Sydney.
const now = new Date('2026-03-02T05:30:00Z')

function row(some: Partial<WorkerRow> = {}): WorkerRow {
  return {
    ...ordinaryRow(1, '2026-03-01', 0),
    status: 'active',
    start: '2020-01-01',
    end: '',
    site: 'Sampleton',
    department: 'Legal',
    ...some,
  }
}
const of = (...rows: WorkerRow[]) => expectationOf(rows, zones, now)
const groups = (...rows: WorkerRow[]): readonly string[] | undefined => [...of(...rows).accounts.values()][0]?.groups

test('everybody who works here has the main entrance and the department', () => {
  expect(groups(row())).toEqual(['Legal doors', 'Main entrance'])
})

test('a last day counts to its end at the site, and not where the gateway runs', () => {
  const lastDay = { end: '2026-03-01' }
  expect(of(row({ ...lastDay, site: 'Port Placeholder' })).accounts.size).toBe(1)
  expect(of(row({ ...lastDay, site: 'Mount Example' })).without).toEqual(new Map([[row().personId, 'has left']]))
})

test('a first day begins at the site', () => {
  const firstDay = { start: '2026-03-02' }
  expect(of(row({ ...firstDay, site: 'Mount Example' })).accounts.size).toBe(1)
  expect([...of(row({ ...firstDay, site: 'Port Placeholder' })).without.values()]).toEqual(['starts later'])
})

test('the last day of work ends access, although the employment goes on', () => {
  expect([...of(row({ lastWorkingDay: '2026-03-01', end: '2026-04-30' })).without.values()]).toEqual([
    'has worked the last day',
  ])
})

test('two jobs unite their groups; one that is over gives none', () => {
  const other = row({ workerId: 'W-2', department: 'Sales ' })
  expect(groups(row(), other)).toEqual(['Legal doors', 'Main entrance', 'Sales doors'])
  expect(groups(row(), { ...other, status: 'terminated' })).toEqual(['Legal doors', 'Main entrance'])
})

test('a lost card is there and blocked; blanks around a number are none of it', () => {
  const [account] = of(row({ cardState: 'lost', employeeNumber: 'HR-000001\u00a0' })).accounts.values()
  expect(account).toMatchObject({ id: 'HR-000001', card: { blocked: true } })
  expect(cardNumberOf({ cardFacility: 17, cardNumber: 4711 })).toBe('1118823')
})

test('of a whole workforce, everybody is either expected or has a reason', () => {
  const workforce = makeWorkforce({ size: 2000, seed: 7, today: '2026-03-01' })
  const { accounts, without } = expectationOf(workforce.rows, zones, now)
  expect(accounts.size + without.size).toBe(2000)
  // The first of the future hires starts tomorrow, which is today in some places.
  const later = workforce.traps.futureHire.slice(1)
  const gone = [...later, ...workforce.traps.leaverEnded, ...workforce.traps.gardenLeave]
  expect(gone.filter((person) => without.has(person))).toHaveLength(gone.length)
})
