/** The demo workforce is the same for one seed, holds every trap, and never gives one card to two people. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toCsv } from './csv.ts'
import { ordinaryRow, peopleMax } from './ordinary-row.ts'
import { departments, sites, siteZone, titles } from './organisation.ts'
import { addDays } from './plain-date.ts'
import { type TrapName, trapNames } from './traps.ts'
import { printedCard, runsOn, type WorkerRow } from './worker-row.ts'
import { makeWorkforce, workerRows } from './workforce.ts'

const today = '2026-03-10'
const options = { size: 2000, seed: 7, today }
const workforce = makeWorkforce(options)
const rowsOf = (personId: string | undefined): WorkerRow[] => workforce.rows.filter((row) => row.personId === personId)
const newestFirst = (rows: WorkerRow[]): WorkerRow[] => rows.sort((a, b) => b.start.localeCompare(a.start))

test('the same seed gives the same bytes, another seed other ones', () => {
  expect(toCsv(makeWorkforce(options).rows).equals(toCsv(workforce.rows))).toBe(true)
  expect(toCsv(makeWorkforce({ ...options, seed: 8 }).rows).equals(toCsv(workforce.rows))).toBe(false)
})

test('rows one by one are the rows of the whole', () => {
  expect([...workerRows(options)]).toEqual(workforce.rows)
})

test('ordinary people keep their values when the workforce grows', () => {
  const small = makeWorkforce({ ...options, size: 50, traps: 'none' })
  const large = makeWorkforce({ ...options, size: 90, traps: 'none' })
  expect(large.rows.slice(0, 50)).toEqual(small.rows)
})

test('size counts people; 2000 of them hold each trap at least three times, no person in two traps', () => {
  expect(new Set(workforce.rows.map((row) => row.personId)).size).toBe(2000)
  for (const trap of trapNames) expect(workforce.traps[trap].length, trap).toBeGreaterThanOrEqual(3)
  const trapped = trapNames.flatMap((trap) => workforce.traps[trap])
  expect(new Set(trapped).size).toBe(trapped.length)
})

test('the number of each trap can be chosen, and traps that do not fit are refused', () => {
  const chosen = makeWorkforce({ ...options, size: 300, traps: { rehire: 40, sharedEmail: 2, twoJobs: 0 } })
  expect(chosen.traps.rehire).toHaveLength(40)
  expect(chosen.traps.sharedEmail).toHaveLength(4)
  expect(chosen.traps.twoJobs).toHaveLength(0)
  expect(() => makeWorkforce({ ...options, size: 3, traps: { sharedEmail: 2 } })).toThrow(
    'take 4 people, but size is 3',
  )
  expect(() => makeWorkforce({ ...options, traps: { rehire: -1 } })).toThrow('trap rehire')
})

test('sizes and dates that make no sense are refused', () => {
  expect(() => makeWorkforce({ ...options, size: 1.5 })).toThrow(RangeError)
  expect(() => makeWorkforce({ ...options, size: -1 })).toThrow(RangeError)
  expect(() => makeWorkforce({ ...options, today: '2026-02-30' })).toThrow(RangeError)
  expect(() => makeWorkforce({ ...options, today: '10.03.2026' })).toThrow(RangeError)
})

test('at any seed and size: keys are unique, a card belongs to one person, and every employment starts before it ends', () => {
  fc.assert(
    fc.property(fc.nat(400), fc.integer(), (size, seed) => {
      const { rows } = makeWorkforce({ size, seed, today })
      expect(new Set(rows.map((row) => row.workerId)).size).toBe(rows.length)
      const holders = new Map<number, string>()
      for (const row of rows) {
        expect(
          row.cardFacility >= 0 && row.cardFacility <= 255 && row.cardNumber >= 0 && row.cardNumber <= 65_535,
        ).toBe(true)
        const card = row.cardFacility * 65_536 + row.cardNumber
        expect(holders.get(card) ?? row.personId).toBe(row.personId)
        holders.set(card, row.personId)
        expect(row.end === '' || row.start <= row.end).toBe(true)
      }
      expect(holders.size).toBe(size)
    }),
    { numRuns: 30 },
  )
})

test('no two people of the largest workforce share a card', () => {
  // The card is (index * step) mod peopleMax: if two indexes ever met, two that lie peopleMax / p apart would, for one
  // of its prime factors p.
  const first = printedCard(ordinaryRow(1, today, 0))
  for (const prime of [3, 5, 17, 257])
    expect(printedCard(ordinaryRow(1, today, peopleMax / prime)), `factor ${prime}`).not.toBe(first)
  expect(peopleMax).toBe(3 ** 2 * 5 ** 2 * 17 ** 2 * 257)
})

test('the organisation has 12 departments, 20 titles and 4 sites in zones that exist', () => {
  expect([departments.length, titles.length, sites.length]).toEqual([12, 20, 4])
  for (const { name } of sites) expect(() => new Intl.DateTimeFormat('en', { timeZone: siteZone(name) })).not.toThrow()
  expect(() => siteZone('Nowhere')).toThrow('no such site')
  expect(new Set(workforce.rows.map((row) => row.site))).toEqual(new Set(sites.map((site) => site.name)))
})

const oneRow = (check: (row: WorkerRow) => void) => (rows: WorkerRow[]) => {
  expect(rows).toHaveLength(1)
  check(rows[0] as WorkerRow)
}
/** Old row gone, new row running, one human with one number. */
const succession = (check: (newer: WorkerRow, older: WorkerRow) => void) => (rows: WorkerRow[]) => {
  const [newer, older] = newestFirst(rows) as [WorkerRow, WorkerRow]
  expect(rows).toHaveLength(2)
  expect([runsOn(older, today), runsOn(newer, today)]).toEqual([false, true])
  expect(older.end < newer.start).toBe(true)
  expect([newer.employeeNumber, newer.cardNumber]).toEqual([older.employeeNumber, older.cardNumber])
  check(newer, older)
}
const strongRightToLeft = /^[\p{Script=Arabic}\p{Script=Hebrew}]+$/u

const expected: Record<TrapName, (rows: WorkerRow[], pairRows: WorkerRow[]) => void> = {
  rehire: succession((newer, older) => expect(older.end < addDays(newer.start, -100)).toBe(true)),
  nameChange: succession((newer, older) => expect(newer.familyName).toBe(`Neu-${older.familyName}`)),
  conversion: succession((newer, older) => {
    expect([older.kind, newer.kind]).toEqual(['contingent', 'employee'])
    expect(newer.start).toBe(addDays(older.end, 1))
  }),
  futureHire: oneRow((row) => expect(row.start > today && row.status === 'pending').toBe(true)),
  twoJobs: (rows) => {
    expect(rows.map((row) => runsOn(row, today))).toEqual([true, true])
    expect(rows[0]?.department).not.toBe(rows[1]?.department)
  },
  leaverToday: oneRow((row) => {
    expect([runsOn(row, today), runsOn(row, addDays(today, 1))]).toEqual([true, false])
    expect(row.end).toBe(today)
  }),
  leaverEnded: oneRow((row) => expect(row.end < today && row.status === 'terminated').toBe(true)),
  gardenLeave: oneRow((row) => expect(row.lastWorkingDay < today && row.end > today && !runsOn(row, today)).toBe(true)),
  farEnd: oneRow((row) => expect(row.end).toBe('9999-12-31')),
  rightToLeft: oneRow((row) => {
    expect(row.givenName).toMatch(strongRightToLeft)
    expect(row.familyName).toMatch(strongRightToLeft)
  }),
  combining: oneRow((row) => {
    expect(row.givenName).toMatch(/\p{M}/u)
    expect(row.givenName.normalize('NFC')).not.toBe(row.givenName)
  }),
  longName: oneRow((row) => expect(row.familyName.length).toBeGreaterThan(48)),
  quoteName: oneRow((row) => expect(row.familyName).toContain("'")),
  delimiterInCell: oneRow((row) => expect(row.title).toMatch(/[;,|\t\n]/)),
  sharedEmail: (rows, pairRows) => {
    expect(rows[0]?.email).toBe(pairRows[0]?.email)
    expect(rows[0]?.personId).not.toBe(pairRows[0]?.personId)
  },
  namesake: (rows, pairRows) => {
    expect([rows[0]?.givenName, rows[0]?.familyName]).toEqual([pairRows[0]?.givenName, pairRows[0]?.familyName])
    expect(rows[0]?.email).not.toBe(pairRows[0]?.email)
  },
  nullCell: oneRow((row) => expect([row.preferredName, row.email, row.title]).toEqual([null, null, null])),
  blankCell: oneRow((row) =>
    expect([row.preferredName, row.email, row.title].map((cell) => cell?.trim())).toEqual(['', '', '']),
  ),
  leadingZero: oneRow((row) => expect(row.employeeNumber).toMatch(/^0000\d{6}$/)),
  trailingBlank: oneRow((row) => {
    expect(row.employeeNumber.trim()).not.toBe(row.employeeNumber)
    expect(departments).toContain(row.department.trim())
  }),
  lostCard: oneRow((row) => expect(row.cardState).toBe('lost')),
}

test.each(trapNames)('each person listed under %s shows that trap', (trap) => {
  for (const [at, personId] of workforce.traps[trap].entries()) {
    // Neighbours are pairs: 0 with 1, 2 with 3.
    expected[trap](rowsOf(personId), rowsOf(workforce.traps[trap][at ^ 1]))
  }
})

test('employments of one person come in either order', () => {
  const orders = workforce.traps.rehire.map((personId) =>
    rowsOf(personId)
      .map((row) => row.workerId.slice(-1))
      .join(),
  )
  expect(new Set(orders)).toEqual(new Set(['1,2', '2,1']))
})
