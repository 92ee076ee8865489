import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csn, h10301 } from '../../src/model/card.ts'
import { badgeOf, cardOf, isSameBadge } from './badges.ts'
import {
  changedDates,
  newLastName,
  parseExternalId,
  pastDates,
  personnelNoOf,
  profileOf,
  validityOf,
  vendorEnd,
  vendorStart,
} from './mapping.ts'
import { person, readAs } from './soap/records.ts'
import { facts, settingsOf } from './testing.ts'
import { writable } from './writable.ts'

const settings = settingsOf()

test('a personnel number is taken as it is, trimmed; one that a database would read as a pattern is refused, unnamed', () => {
  expect(personnelNoOf(facts({ employeeNumber: ' 00A-4711 ' }))).toBe('00A-4711')
  expect(personnelNoOf(facts({ employeeNumber: 'EXT_0012' }))).toBe('EXT_0012')
  for (const employeeNumber of [null, ' ', 'x'.repeat(51), '47%', '[47]', '47^', '#47', '4\u00007']) {
    expect(() => personnelNoOf(facts({ employeeNumber }))).toThrow(expect.objectContaining({ kind: 'rejected' }))
  }
  try {
    personnelNoOf(facts({ employeeNumber: '47%11' }))
  } catch (error) {
    expect(String(error)).not.toContain('47%11')
  }
  expect(parseExternalId('4711')).toEqual({ number: '4711' })
  expect(parseExternalId('#4711')).toEqual({ carrierId: '4711' })
})

test('names are cut to what AEOS keeps, and there is always a last name', () => {
  const long = facts({ familyName: 'Q'.repeat(60), givenName: 'Z'.repeat(60), email: ` ${'e'.repeat(140)}` })
  expect(profileOf(long, settings)).toEqual({
    LastName: 'Q'.repeat(50),
    FirstName: 'Z'.repeat(40),
    Email: 'e'.repeat(128),
  })
  expect(profileOf(facts({ familyName: null }), settings)).toEqual({ LastName: 'Zyphora', FirstName: 'Zyphora' })
  expect(profileOf(facts({ familyName: '\u0007', givenName: null }), settings)).toEqual({ FirstName: '' })
  expect(newLastName(facts({ familyName: '\u0007', givenName: null }))).toBe('-')
  expect(profileOf(facts({ preferredName: 'Zy' }), settings)).toMatchObject({ FirstName: 'Zy' })
})

test('free fields, department and carrier type are written where the settings and the facts say so', () => {
  const wide = settingsOf({
    departments: 'match',
    free_fields: [{ definition_id: '12', fact: 'title' }],
    carriers: { external: 'contractor', guest: 'visitor' },
  })
  const rich = { title: 'Keeper', department: 'Research' }
  expect(profileOf(facts(rich), wide)).toMatchObject({ 'Freefield 12': 'Keeper', Department: 'Research' })
  expect(profileOf(facts(rich), wide)).not.toHaveProperty('CarrierType')
  expect(profileOf(facts({ ...rich, kind: 'external' }), wide)).toMatchObject({ CarrierType: 'contractor' })
  // One that is cut is no department of that very name.
  const department = 'Research '.repeat(9).trim()
  expect(profileOf(facts({ department }), wide)).toMatchObject({ Department: department })
  expect(profileOf(facts({ ...rich, kind: 'own' }), wide)).toMatchObject({ CarrierType: 'employee' })
  expect(profileOf(facts({ ...rich, kind: 'guest' }), wide)).not.toHaveProperty('Department')
})

test('what the facts know to be nothing is cleared, but never the last name; of what they do not speak nothing is written', () => {
  const wide = settingsOf({ departments: 'match', free_fields: [{ definition_id: '12', fact: 'title' }] })
  expect(profileOf({}, wide)).toEqual({})
  const nothing = { givenName: null, familyName: null, preferredName: null, email: null, department: null, title: null }
  expect(profileOf(nothing, wide)).toEqual({ FirstName: '', Email: '', Department: '', 'Freefield 12': '' })
  expect(profileOf({ ...nothing, givenName: 'Zy' }, wide)).toMatchObject({ LastName: 'Zy', FirstName: 'Zy' })
  // Somebody may hide the first name while it is known that they prefer none.
  expect(profileOf({ familyName: 'Quill', preferredName: null }, wide)).toEqual({ LastName: 'Quill' })
})

test('any text becomes one that XML can carry, that fits, and that is not changed a second time', () => {
  const any = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.string({
      unit: fc.constantFrom('\u0301', '\u200D', '\uD800', '\u0000', '\uFFFE', ' ', '\u00A0', '𠮷', 'é'),
      maxLength: 80,
    }),
  )
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 60 }), (text, max) => {
      const written = writable(text, max)
      expect(written.length).toBeLessThanOrEqual(max)
      expect(written).toBe(written.trim())
      expect(written.isWellFormed()).toBe(true)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 can't carry
      expect(written).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/)
      expect(writable(written, max)).toBe(written)
    }),
    { numRuns: 2000 },
  )
})

// ---------------------------------------------------------------- dates

const shown = (dates: object) => readAs(person, { Id: '1', ...dates })

test('dates go by the clock of the server; none is written and read by the values that AEOS takes for it', () => {
  expect(vendorStart('2026-12-01T08:00:00Z', settings)).toBe('2026-12-01T09:00:00')
  expect(vendorStart(null, settings)).toBe('2000-01-01T00:00:01')
  expect(vendorEnd('2030-06-30T22:00:00Z', settings)).toBe('2030-07-01T00:00:00')
  expect(vendorEnd(null, settings)).toBe('2149-05-29T00:00:00')
  expect(vendorEnd(null, settingsOf({ unbounded_until: '2099-01-01' }))).toBe('2099-01-01T00:00:00')
  expect(validityOf(shown({}), settings)).toEqual({ from: null, until: null })
  for (const LeaveDateTime of ['2149-05-29T00:00:00', '2099-01-01T00:00:00'])
    expect(validityOf(shown({ ArrivalDateTime: '2000-01-01T00:00:01', LeaveDateTime }), settings)).toEqual({
      from: null,
      until: null,
    })
  expect(
    validityOf(shown({ ArrivalDateTime: '2026-12-01T09:00:00', LeaveDateTime: '2030-07-01T00:00:00' }), settings),
  ).toEqual({
    from: '2026-12-01T08:00:00.000Z',
    until: '2030-06-30T22:00:00.000Z',
  })
})

test('dates are written both or not at all; a start that has passed on both sides is no difference', () => {
  const now = new Date('2026-11-26T09:00:00Z')
  const open = { from: null, until: null }
  expect(changedDates(open, open, now, settings)).toEqual({})
  expect(changedDates(open, { from: '2020-01-01T00:00:00.000Z', until: null }, now, settings)).toEqual({})
  expect(changedDates(open, { from: null, until: '2020-01-01T00:00:00.000Z' }, now, settings)).toEqual({
    ArrivalDateTime: '2000-01-01T00:00:01',
    LeaveDateTime: '2149-05-29T00:00:00',
  })
  expect(changedDates({ from: '2027-01-01T00:00:00Z', until: null }, open, now, settings)).toMatchObject({
    ArrivalDateTime: '2027-01-01T01:00:00',
  })
})

test('who is shut out has left now, and began before that', () => {
  const at = new Date('2026-11-26T09:00:00Z')
  expect(pastDates(null, at, settings)).toEqual({ LeaveDateTime: '2026-11-26T10:00:00' })
  expect(pastDates('2027-01-01T00:00:00Z', at, settings)).toEqual({
    ArrivalDateTime: '2000-01-01T00:00:01',
    LeaveDateTime: '2026-11-26T10:00:00',
  })
})

// ---------------------------------------------------------------- badges

test('a 26-bit card is its number where the type holds the facility, else facility and number in one', () => {
  const of = (entry: object) => settingsOf({ identifier_types: [{ id: '2', format: 'H10301', ...entry }] })
  const card = h10301(20, 123)
  expect(badgeOf(card, of({ facility: 20 }))).toEqual({ IdentifierType: '2', BadgeNumber: '123' })
  expect(badgeOf(card, of({ facility: 20, digits: 5 }))).toEqual({ IdentifierType: '2', BadgeNumber: '00123' })
  expect(badgeOf(card, of({}))).toEqual({ IdentifierType: '2', BadgeNumber: String(20 * 65_536 + 123) })
  expect(() => badgeOf(card, of({ facility: 21 }))).toThrow(expect.objectContaining({ code: 'aeos.card-type-missing' }))
  expect(cardOf({ IdentifierType: '2', BadgeNumber: '00123' }, of({ facility: 20 }))).toEqual(card)
  expect(cardOf({ IdentifierType: '2', BadgeNumber: '70000' }, of({ facility: 20 }))).toBeNull()
  expect(cardOf({ IdentifierType: '9', BadgeNumber: '123' }, of({ facility: 20 }))).toBeNull()
})

test('a serial number goes by its length, in hex or decimal, as read or reversed', () => {
  const of = (entry: object) =>
    settingsOf({ identifier_types: [{ id: '5', format: 'CSN', bytes: 4, notation: 'hex', ...entry }] })
  const card = csn('04A1B2C3')
  expect(badgeOf(card, of({}))).toEqual({ IdentifierType: '5', BadgeNumber: '04A1B2C3' })
  expect(badgeOf(card, of({ byte_order: 'reversed' }))).toMatchObject({ BadgeNumber: 'C3B2A104' })
  expect(badgeOf(card, of({ notation: 'decimal' }))).toMatchObject({ BadgeNumber: '77705923' })
  expect(badgeOf(card, of({ notation: 'decimal', digits: 10 }))).toMatchObject({ BadgeNumber: '0077705923' })
  expect(() => badgeOf(csn('04AABBCCDDEE80'), of({}))).toThrow(expect.objectContaining({ kind: 'rejected' }))
  expect(cardOf({ IdentifierType: '5', BadgeNumber: '4a1b2c3' }, of({}))).toEqual(card)
  expect(cardOf({ IdentifierType: '5', BadgeNumber: '99999999999' }, of({ notation: 'decimal' }))).toBeNull()
  expect(cardOf({ IdentifierType: '5', BadgeNumber: 'Lovelace' }, of({}))).toBeNull()
})

test('the same badge is the same in either case of its hex digits, and no other type has it', () => {
  const key = { IdentifierType: '5', BadgeNumber: '04a1b2c3' }
  expect(isSameBadge(key, { ...key, BadgeNumber: '04A1B2C3' })).toBe(true)
  expect(isSameBadge(key, { ...key, BadgeNumber: '04A1B2C' })).toBe(false)
  expect(isSameBadge(key, { ...key, IdentifierType: '6' })).toBe(false)
})

test('every card that is written is read back as itself', () => {
  const types = settingsOf({
    identifier_types: [
      { id: '1', format: 'H10301', facility: 7, digits: 6 },
      { id: '2', format: 'H10301' },
      { id: '4', format: 'CSN', bytes: 4, notation: 'decimal', byte_order: 'reversed' },
      { id: '7', format: 'CSN', bytes: 7, notation: 'hex' },
    ],
  })
  const cards = fc.oneof(
    fc
      .record({ facility: fc.integer({ min: 0, max: 255 }), number: fc.integer({ min: 0, max: 65_535 }) })
      .map((of) => h10301(of.facility, of.number)),
    fc
      .constantFrom(4, 7)
      .chain((bytes) =>
        fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((of) => csn(Buffer.from(of).toString('hex'))),
      ),
  )
  fc.assert(
    fc.property(cards, (card) => {
      expect(cardOf(badgeOf(card, types), types)).toEqual(card)
    }),
  )
})
