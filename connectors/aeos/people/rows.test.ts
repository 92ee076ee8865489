import { expect, test } from 'vitest'
import { person, profile, readAs, token } from '../soap/records.ts'
import { settingsOf } from '../testing.ts'
import { rowOf } from './rows.ts'

test('a serial number that is drawn anew at each tap is no card, and keeps nothing else of its holder out', () => {
  const badge = (BadgeNumber: string) =>
    readAs(token, { IdentifierType: '5', BadgeNumber, Blocked: 'false', Status: '1' })
  const seen = {
    person: readAs(person, { Id: '7', LastName: 'Quillfeather' }),
    blocked: false,
    tokens: [badge('08A1B2C3'), badge('84A1B2C3')],
    profile: readAs(profile, { CarrierId: '7' }),
  }
  const names = { levels: new Map(), departments: new Map(), digest: '' }
  const { cells } = rowOf(seen, names, new Date('2026-11-26T09:00:00Z'), settingsOf())
  expect(cells).toMatchObject({ id: '7', last_name: 'Quillfeather', cards: 'CSN:84A1B2C3' })
})

test('a department that we are not shown is absent, so that nobody loses theirs by it; one that is not there is null', () => {
  const departmentOf = (DepartmentId?: string) => {
    const seen = {
      person: readAs(person, { Id: '7', LastName: 'Quillfeather', DepartmentId }),
      ...{ blocked: false, tokens: [], profile: readAs(profile, { CarrierId: '7' }) },
    }
    const names = { levels: new Map(), departments: new Map([['3', 'Research']]), digest: '' }
    return rowOf(seen, names, new Date('2026-11-26T09:00:00Z'), settingsOf()).cells
  }
  expect(departmentOf('3').department).toBe('Research')
  expect(departmentOf().department).toBeNull()
  expect(departmentOf('4')).not.toHaveProperty('department')
})
