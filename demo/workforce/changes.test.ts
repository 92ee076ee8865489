/** Changes touch whom they name, leave the old workforce as it was, and draw the same people for one seed. */
import { expect, test } from 'vitest'
import { drop, joiners, leavers, movers, nameChange } from './changes.ts'
import { runsOn, type WorkerRow } from './worker-row.ts'
import { makeWorkforce, type Workforce } from './workforce.ts'

const today = '2026-03-10'
const workforce = makeWorkforce({ size: 400, seed: 11, today })

function freeze(frozen: Workforce): Workforce {
  for (const row of frozen.rows) Object.freeze(row)
  Object.freeze(frozen.rows)
  for (const list of Object.values(frozen.traps)) Object.freeze(list)
  return Object.freeze(frozen)
}
freeze(workforce)

/** Person ids with a row that is new, gone or different. */
function differing(before: Workforce, after: Workforce): string[] {
  const texts = (rows: readonly WorkerRow[]) => new Map(rows.map((row) => [JSON.stringify(row), row.personId]))
  const [old, now] = [texts(before.rows), texts(after.rows)]
  const ids = [...old].filter(([text]) => !now.has(text)).concat([...now].filter(([text]) => !old.has(text)))
  return [...new Set(ids.map(([, personId]) => personId))].sort()
}
const rowsOf = (of: Workforce, ids: readonly string[]) => of.rows.filter((row) => ids.includes(row.personId))

const changes = {
  joiners: () => joiners(workforce, 3),
  terminatedNow: () => leavers(workforce, 3, { how: 'terminated-now' }),
  endDated: () => leavers(workforce, 3, { how: 'end-dated-yesterday' }),
  lastWorkingDay: () => leavers(workforce, 3, { how: 'last-working-day' }),
  movers: () => movers(workforce, 3),
  nameChange: () => nameChange(workforce, 3),
  drop: () => drop(workforce, ['P-000001', 'P-000002', 'P-000003']),
}

test.each(Object.entries(changes))('%s: the touched are exactly those who differ, and again the same', (_, change) => {
  const { workforce: after, touched } = change()
  expect(touched).toHaveLength(3)
  expect([...touched].sort()).toEqual(differing(workforce, after))
  expect(change()).toEqual({ workforce: after, touched })
})

test('joiners start today with keys and cards that nobody had, even after others were dropped', () => {
  const first = joiners(workforce, 2)
  const second = joiners(drop(first.workforce, first.touched).workforce, 2)
  expect(second.touched).toEqual(['P-000403', 'P-000404'])
  for (const row of rowsOf(second.workforce, second.touched)) expect([row.start, row.status]).toEqual([today, 'active'])
  const cards = second.workforce.rows.map((row) => `${row.personId} ${row.cardFacility}-${row.cardNumber}`)
  expect(new Set(cards.map((card) => card.split(' ')[1])).size).toBe(new Set(cards).size)
})

test('each way of leaving says so in its own cells, with nothing else to tell', () => {
  const told = (change: ReturnType<typeof leavers>) =>
    rowsOf(change.workforce, change.touched).map((row) => {
      const before = workforce.rows.find((old) => old.workerId === row.workerId)
      return [row.status === before?.status ? 'as before' : row.status, row.end, row.lastWorkingDay]
    })
  for (const cells of told(changes.terminatedNow())) expect(cells).toEqual(['terminated', today, today])
  for (const cells of told(changes.endDated())) expect(cells).toEqual(['as before', '2026-03-09', ''])
  for (const [status, end, lastWorkingDay] of told(changes.lastWorkingDay())) {
    expect([status, lastWorkingDay]).toEqual(['as before', '2026-03-09'])
    expect(end && end > today && end <= '2026-06-08').toBe(true)
  }
})

test('a named leaver with two jobs leaves both', () => {
  const who = workforce.traps.twoJobs.slice(0, 1)
  const { workforce: after } = leavers(workforce, who, { how: 'end-dated-yesterday' })
  expect(rowsOf(after, who).map((row) => runsOn(row, today))).toEqual([false, false])
})

test('who began today can be terminated, but not end yesterday', () => {
  const { workforce: after, touched } = joiners(workforce, 1)
  expect(leavers(after, touched, { how: 'terminated-now' }).touched).toEqual(touched)
  expect(() => leavers(after, touched, { how: 'end-dated-yesterday' })).toThrow('no employment')
})

test('nobody leaves twice, unknown people are refused, and so are more than there are', () => {
  const { workforce: after, touched } = changes.terminatedNow()
  expect(() => leavers(after, touched, { how: 'terminated-now' })).toThrow(RangeError)
  expect(() => movers(workforce, ['P-999999'])).toThrow('P-999999')
  expect(() => drop(workforce, ['P-999999'])).toThrow('P-999999')
  expect(() => leavers(workforce, 401, { how: 'terminated-now' })).toThrow(RangeError)
})

test('movers change department only, and two rounds draw different people', () => {
  const first = movers(workforce, 20)
  for (const row of rowsOf(first.workforce, first.touched)) {
    const before = workforce.rows.find((old) => old.workerId === row.workerId) as WorkerRow
    expect(row.department).not.toBe(before.department)
    expect({ ...row, department: '' }).toEqual({ ...before, department: '' })
  }
  expect(movers(first.workforce, 20).touched).not.toEqual(first.touched)
})

test('a person with several rows bears the new name in all of them', () => {
  const who = workforce.traps.rehire.slice(0, 1)
  const names = rowsOf(nameChange(workforce, who).workforce, who).map((row) => row.familyName)
  expect(names).toHaveLength(2)
  expect(new Set(names).size).toBe(1)
  expect(names[0]).not.toBe(rowsOf(workforce, who)[0]?.familyName)
})

test('drawn changes spare the traps, and the dropped are no longer listed under one', () => {
  const trapped = new Set(Object.values(workforce.traps).flat())
  const ordinary = new Set(workforce.rows.map((row) => row.personId).filter((id) => !trapped.has(id)))
  expect(movers(workforce, ordinary.size).touched.filter((id) => trapped.has(id))).toEqual([])
  const [gone] = workforce.traps.combining
  expect(drop(workforce, [gone as string]).workforce.traps.combining).not.toContain(gone)
})
