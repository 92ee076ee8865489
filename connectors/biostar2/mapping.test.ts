/** Proves that what is written to the server reads back as the same, and that what the server refuses is never written. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Card, cardText, csn, h10301, readCard } from '../../src/model/card.ts'
import { accountOfDetail, modelCardOf, profileOf, userIdOf, vendorCardOf, writable } from './mapping.ts'
import { userDetail } from './records.ts'
import { type Settings, settings as schema } from './settings.ts'
import { facts } from './testing.ts'

function settings(overrides: Partial<Settings> = {}): Settings {
  return schema.parse({ url: 'https://door.example', login_id: 'gate', password: 'made-up', ...overrides })
}
const standard = settings()
const own = { loginId: 'gate', userId: '9' }
const codeOf = (fn: () => unknown) => {
  try {
    fn()
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

function readBack(fields: object) {
  return accountOfDetail(userDetail.parse({ user_id: '42', ...fields }), [], standard, own)
}

// ---------------------------------------------------------------- user ids

test.each([
  ['42', '42'],
  [' 0042 ', '42'],
  ['4294967294', '4294967294'],
])('employee number %j becomes user id %s', (employeeNumber, id) => {
  expect(userIdOf(facts({ employeeNumber }), standard)).toBe(id)
})

test.each([null, '', '0', '000', '4294967295', '42949672940', 'E42', '4 2', '-1', '1.0', '1e3'])(
  'employee number %j gives no numeric user id',
  (employeeNumber) => {
    expect(codeOf(() => userIdOf(facts({ employeeNumber }), standard))).toMatch(/^biostar2\.user-id-(missing|invalid)$/)
  },
)

test('alphanumeric ids keep their zeros, and take no blanks or other signs', () => {
  const alphanumeric = settings({ user_id_format: 'alphanumeric' })
  expect(userIdOf(facts({ employeeNumber: 'E-007_x' }), alphanumeric)).toBe('E-007_x')
  expect(userIdOf(facts({ employeeNumber: '007' }), alphanumeric)).toBe('007')
  for (const employeeNumber of ['E 7', 'E/7', 'x'.repeat(33), '000', 'é']) {
    expect(codeOf(() => userIdOf(facts({ employeeNumber }), alphanumeric))).toBe('biostar2.user-id-invalid')
  }
})

// ---------------------------------------------------------------- profile

test.each([
  ["Siobhán O'Neil", ' ', 'Siobhán O Neil'],
  ["O'Neil", '', 'ONeil'],
  ['Anna/Berta "Tess"', '-', 'Anna-Berta -Tess-'],
  ['  many \t blanks  ', ' ', 'many blanks'],
  ['Zoe\u0301', ' ', 'Zoé'],
  ['Ада Пример', ' ', 'Ада Пример'],
  ['山田 太郎', ' ', '山田 太郎'],
  ['smile 😀 👩‍👩‍👧 end', '', 'smile end'],
  ['\u0301lone mark', '', 'lone mark'],
  ['a\u0000b\nc', '-', 'a-b c'],
])('%j with replacement %j is written as %j', (value, replacement, expected) => {
  expect(writable(value, replacement, 48)).toBe(expected)
})

test('a long name is cut between graphemes, never inside one', () => {
  expect(writable(`${'x'.repeat(47)}é`, ' ', 48)).toBe(`${'x'.repeat(47)}é`)
  // A Devanagari syllable of several code points that does not fit is left out as a whole.
  expect(writable(`${'x'.repeat(47)}क्षि`, ' ', 48)).toBe('x'.repeat(47))
  expect(writable(`${'x'.repeat(47)}𠮷`, ' ', 48)).toBe('x'.repeat(47))
})

test('whatever comes in, what is written is short, free of refused signs, and would be written the same again', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 80 })
  fc.assert(
    fc.property(anyText, fc.constantFrom('', ' ', '-', '.', '_'), (value, replacement) => {
      const written = writable(value, replacement, 48)
      expect(written.length).toBeLessThanOrEqual(48)
      expect(written.isWellFormed()).toBe(true)
      expect(written).not.toMatch(/['"`<>&\p{Cc}]|^\s|\s$|\s\s/u)
      expect(writable(written, replacement, 48)).toBe(written)
    }),
  )
})

test('a name is joined as configured, and the preferred one is used', () => {
  const ada = facts({ givenName: 'Ada', familyName: 'Example' })
  expect(profileOf(ada, standard)).toEqual({ name: 'Ada Example' })
  expect(profileOf(ada, settings({ name: 'family-given' }))).toEqual({ name: 'Example Ada' })
  expect(profileOf({ ...ada, preferredName: 'Addie' }, standard)).toEqual({ name: 'Addie Example' })
  expect(profileOf(facts({ familyName: 'Example' }), standard)).toEqual({ name: 'Example' })
})

test('what the facts do not speak of is not written', () => {
  expect(profileOf(facts(), standard)).toEqual({})
  expect(profileOf(facts({ department: 'R&D', title: "''", email: ' ada@example.org ' }), standard)).toEqual({
    department: 'R D',
    email: 'ada@example.org',
  })
})

test('what they know to be nothing is cleared, but never the name', () => {
  const nothing = { givenName: null, familyName: null, preferredName: null, email: null, department: null, title: null }
  expect(profileOf(facts(nothing), standard)).toEqual({ email: '', department: '', user_title: '' })
  expect(profileOf(facts({ ...nothing, familyName: 'Example' }), standard)).toMatchObject({ name: 'Example' })
})

test('a rendered profile reads back as it was rendered', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (givenName, department) => {
      const profile = profileOf(facts({ givenName, department }), standard)
      expect(readBack(profile).profile).toEqual(profile)
    }),
  )
})

// ---------------------------------------------------------------- cards

test('a 26-bit card is facility and number in one decimal, as in the documented example', () => {
  expect(vendorCardOf(h10301(20, 10_000), standard)).toEqual({ type: '1', number: '1320720', wiegandFormat: '0' })
})

test('every 26-bit card reads back as itself', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(65_535), (facility, number) => {
      const card = h10301(facility, number)
      const written = vendorCardOf(card, standard)
      expect(modelCardOf({ wiegandFormat: undefined, ...written }, standard)).toEqual(card)
      expect(modelCardOf({ ...written, wiegandFormat: undefined }, standard)).toBeNull()
    }),
  )
})

// Numbers by hand: facility and number joined (BioStar 2 API, Cards: 16 + 19, 12 + 20 and 22 + 23 bits).
test.each([
  ['H10302:12345678901', '1', 12345678901n],
  ['H10304:12345:345678', '2', 12345n * 2n ** 19n + 345678n],
  ['C1000-35:2001:123456', '3', 2001n * 2n ** 20n + 123456n],
  ['C1000-48:42069:42069', '4', 42069n * 2n ** 23n + 42069n],
])('%s is a number of format %s at the server, and reads back as itself', (text, wiegandFormat, number) => {
  const card = readCard(text) as Card
  expect(vendorCardOf(card, standard)).toEqual({ type: '1', number: String(number), wiegandFormat })
  expect(modelCardOf({ type: '1', number: String(number), wiegandFormat }, standard)).toEqual(card)
})

test('the same number is another card in each format', () => {
  const row = { type: '1', number: '6472681038' }
  const texts = ['1', '2'].map((wiegandFormat) => cardText(modelCardOf({ ...row, wiegandFormat }, standard) as Card))
  expect(texts).toEqual(['H10302:6472681038', 'H10304:12345:345678'])
})

test.each([
  'H10306:1234:56789',
  'AWID34:77:1234567',
  'AWID50:2001:13371337',
  'IR56:123:123',
  'PIV75:32:1:92446:20301231',
])('the server has no format for %s, so it is refused before anything is written', (text) => {
  expect(codeOf(() => vendorCardOf(readCard(text) as Card, standard))).toBe('biostar2.card-format')
})

test.each(['as-read', 'reversed'] as const)(
  'a serial number read %s reads back as itself, or is refused',
  (csn_byte_order) => {
    const ordered = settings({ csn_byte_order })
    const uid = fc.uint8Array({ minLength: 4, maxLength: 10 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    fc.assert(
      fc.property(uid, (hex) => {
        const card = csn(hex)
        const refused = codeOf(() => vendorCardOf(card, ordered))
        if (refused !== undefined) {
          expect(refused).toBe('biostar2.card-ambiguous')
          return
        }
        const { type, number } = vendorCardOf(card, ordered)
        expect(number).toMatch(/^[1-9]\d{0,31}$/)
        expect(modelCardOf({ type, number, wiegandFormat: undefined }, ordered)).toEqual(card)
      }),
    )
  },
)

test('serial numbers of the usual lengths are taken, leading zero included', () => {
  expect(vendorCardOf(csn('04A1B2C3'), standard)).toEqual({ type: '0', number: '77705923' })
  expect(vendorCardOf(csn('04A1B2C3'), settings({ csn_byte_order: 'reversed' })).number).toBe(String(0xc3b2a104))
  expect(vendorCardOf(csn('0004A1B2'), standard).number).toBe(String(0x0004a1b2))
  for (const uid of ['04AABBCCDDEE80', 'E004010203040506', '0102030405'])
    expect(vendorCardOf(csn(uid), standard).type).toBe('0')
  for (const uid of ['00000000', '00000004A1B2C3', 'AABBCCDDEEFF']) {
    expect(codeOf(() => vendorCardOf(csn(uid), standard))).toBe('biostar2.card-ambiguous')
  }
})

test('a card with wrong parity is refused', () => {
  expect(codeOf(() => vendorCardOf({ format: 'H10301', bits: 26, raw: '2284E20' }, standard))).toBe(
    'biostar2.card-invalid',
  )
})

test.each([
  ['a custom Wiegand format', { type: '1', number: '5', wiegandFormat: '7' }],
  ['a 26-bit number out of range', { type: '1', number: '16777216', wiegandFormat: '0' }],
  ['an access-on-card', { type: '3', number: '42', wiegandFormat: undefined }],
  ['a serial number of more than 10 bytes', { type: '0', number: '9'.repeat(30), wiegandFormat: undefined }],
  ['no number', { type: '0', number: '', wiegandFormat: undefined }],
  ['letters', { type: '0', number: 'A1', wiegandFormat: undefined }],
])('%s is a card without a name', (_title, row) => {
  expect(modelCardOf(row, standard)).toBeNull()
})

// ---------------------------------------------------------------- accounts

test.each([
  [{ permission: { id: '1', name: 'Administrator' } }, true],
  [{ permission: { id: 4 } }, true],
  [{ permission: { id: '255' } }, false],
  [{ permission: { id: 100000 } }, false],
  [{ permission: '' }, false],
  [{ permission: null }, false],
  [{}, false],
  [{ user_id: '1' }, true],
  [{ user_id: 9 }, true],
  [{ login_id: 'gate' }, true],
  [{ login_id: 'somebody' }, false],
])('%j makes an account untouchable: %s', (fields, untouchable) => {
  expect(readBack(fields).untouchable).toBe(untouchable)
})

test.each([
  [true, 'closed'],
  ['true', 'closed'],
  ['1', 'closed'],
  [false, 'open'],
  ['false', 'open'],
  [undefined, 'open'],
])('disabled %j is %s', (disabled, lock) => {
  expect(readBack({ disabled }).lock).toBe(lock)
})
