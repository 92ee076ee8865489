import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bitsOfCard,
  type Card,
  cardKey,
  cardOfBits,
  cardOfValues,
  card as cardSchema,
  cardText,
  csn,
  readCard,
  valuesOf,
  wiegandFormats,
  wireKey,
} from '../card.ts'
import { type BadgeRule, badgeType } from './badge.ts'
import { shortOrders, wholeOrders } from './chip-orders.ts'
import { CardError, decode, encode, type Layout, most, unguardedBits, type Values } from './coding.ts'
import { cardOfJoined, joinedNumber } from './forms.ts'
import { em4100, facilityFormats, layouts, manyFieldFormats, numberFormats } from './layouts.ts'
import { readingsOf } from './readings.ts'

const all: readonly (readonly [string, Layout])[] = [...Object.entries(layouts), ['EM4100', em4100]]

const valuesFor = ({ fields }: Layout): fc.Arbitrary<Values> =>
  fc.record(Object.fromEntries(fields.map((field) => [field.name, fc.bigInt(0n, most(field))])))

const anyCard: fc.Arbitrary<Card> = fc.oneof(
  fc.constantFrom(...wiegandFormats).chain((format) =>
    valuesFor(layouts[format])
      // A PIV-I card, which is refused.
      .filter(({ agency, system, credential }) => agency !== 9999n || system !== 9999n || credential !== 999_999n)
      .map((values) => cardOfValues(format, values)),
  ),
  fc.uint8Array({ minLength: 4, maxLength: 10 }).map((bytes) => csn(Buffer.from(bytes).toString('hex'))),
)

describe.each(all)('%s', (name, layout) => {
  test('decoded is what was encoded', () => {
    fc.assert(
      fc.property(valuesFor(layout), (values) => {
        expect(decode(layout, encode(layout, values))).toEqual(values)
      }),
    )
  })

  test('notices every flipped bit but those that it is listed not to guard', () => {
    const unguarded = new Set(unguardedBits(layout))
    // Only a format without parity guards nothing.
    expect([...unguarded]).toEqual(name === 'IR56' ? Array.from({ length: 56 }, (_, at) => at) : [])
    fc.assert(
      fc.property(valuesFor(layout), fc.nat(layout.bits - 1), (values, at) => {
        const bits = encode(layout, values)
        const flipped = bits.slice(0, at) + (bits[at] === '1' ? '0' : '1') + bits.slice(at + 1)
        if (unguarded.has(at)) expect(decode(layout, flipped)).not.toEqual(values)
        else expect(() => decode(layout, flipped)).toThrow(CardError)
      }),
    )
  })

  test('lays each bit down once, and leaves none out', () => {
    const places = [
      ...layout.fields.flatMap((field) => field.places),
      ...layout.parity.map(({ at }) => at),
      ...(layout.fixed ?? []).flatMap(({ at, bits }) => Array.from(bits, (_, index) => at + index)),
    ]
    expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: layout.bits }, (_, at) => at))
  })

  test('takes the greatest value of each field, and none above', () => {
    const greatest = Object.fromEntries(layout.fields.map((field) => [field.name, most(field)]))
    expect(decode(layout, encode(layout, greatest))).toEqual(greatest)
    for (const field of layout.fields) {
      for (const value of [most(field) + 1n, -1n])
        expect(() => encode(layout, { ...greatest, [field.name]: value })).toThrow(`${field.name} must be 0..`)
    }
  })
})

test('a value that is missing, or that no field has, is refused', () => {
  expect(() => encode(layouts.H10301, { number: 1n })).toThrow('facility is missing')
  expect(() => encode(layouts.H10302, { facility: 1n, number: 1n })).toThrow('there is no such field')
})

test('formats are sorted by the fields that they have', () => {
  const names = (format: keyof typeof layouts) => layouts[format].fields.map(({ name }) => name).join()
  for (const format of facilityFormats) expect(names(format)).toBe('facility,number')
  for (const format of numberFormats) expect(names(format)).toBe('number')
  for (const format of manyFieldFormats) expect(names(format)).toMatch(/^agency,system,credential,/)
  expect([...wiegandFormats].sort()).toEqual(Object.keys(layouts).sort())
})

test('a digit above 9 is refused where digits are expected', () => {
  // The first digit of the agency becomes 15; its parity, the column of each bit and their parity are made to fit.
  const bits = Array.from(
    encode(layouts['FASC-N'], Object.fromEntries(layouts['FASC-N'].fields.map(({ name }) => [name, 0n]))),
  )
  for (const at of [5, 6, 7, 8, 195, 196, 197, 198]) bits[at] = bits[at] === '1' ? '0' : '1'
  expect(() => decode(layouts['FASC-N'], bits.join(''))).toThrow('agency holds a digit above 9')
})

test('a PIV-I card is not named by its FASC-N: all of them share one', () => {
  const nines = { agency: 9999n, system: 9999n, credential: 999_999n }
  expect(() => cardOfValues('PIV75', { ...nines, expiry: 20_301_231n })).toThrow('PIV-I')
  expect(readCard('FASC-N:9999:9999:999999:0:1:1112223333:1:1223:2')).toBeNull()
})

test('every card is what its text, its bits and its schema say', () => {
  fc.assert(
    fc.property(anyCard, (card) => {
      expect(cardSchema.parse(card)).toEqual(card)
      expect(readCard(cardText(card))).toEqual(card)
      if (card.format !== 'CSN') expect(cardOfBits(card.format, bitsOfCard(card))).toEqual(card)
    }),
  )
})

test('cards that a reader can not tell apart have one key on the wire, and each format its own beside it', () => {
  const of = (name: string) => readCard(name) as Card
  for (const same of [
    ['H10304:12345:345678', 'H10302:6472681038'],
    ['H10306:77:22151', 'AWID34:0:5068423', 'CSN34:5068423'],
    ['IR56:303538:3285509504', 'CSN:04A1B2C3D4E580'],
  ]) {
    const cards = same.map(of)
    expect(new Set(cards.map(wireKey)).size).toBe(1)
    expect(new Set(cards.map(cardKey)).size).toBe(cards.length)
  }
  expect(wireKey(of('H10301:20:10000'))).toBe(cardKey(of('H10301:20:10000')))
  expect(wireKey(of('CSN:04A1B2C3'))).toBe(cardKey(of('CSN:04A1B2C3')))
  fc.assert(
    fc.property(anyCard, anyCard, (one, other) => {
      const isSame = one.bits === other.bits && one.raw === other.raw
      expect(wireKey(one) === wireKey(other)).toBe(isSame)
    }),
  )
})

test('one number of facility and number, and back', () => {
  fc.assert(
    fc.property(fc.constantFrom(...facilityFormats, ...numberFormats), fc.bigInt(0n, 1n << 60n), (format, joined) => {
      const bits = layouts[format].fields.reduce((sum, { places }) => sum + places.length, 0)
      if (joined < 1n << BigInt(bits)) expect(joinedNumber(cardOfJoined(format, joined))).toBe(joined)
      else expect(() => cardOfJoined(format, joined)).toThrow('more bits')
    }),
  )
  expect(() => cardOfJoined('PIV75', 1n)).toThrow('not one number')
  expect([joinedNumber(csn('04A1B2C3')), joinedNumber(readCard('PIV75:32:1:92446:20301231') as Card)]).toEqual([
    null,
    null,
  ])
})

test('a badge number is read as the card that it was written for, or not at all', () => {
  const rules: fc.Arbitrary<BadgeRule> = fc.oneof(
    fc.record({
      format: fc.constantFrom(...wiegandFormats),
      writes: fc.constantFrom('joined' as const, 'bits' as const),
      base: fc.constantFrom('decimal' as const, 'hex' as const),
      digits: fc.nat(20),
    }),
    fc.record({
      format: fc.constantFrom(...numberFormats),
      writes: fc.constant('number' as const),
      base: fc.constantFrom('decimal' as const, 'hex' as const),
    }),
    fc.record({
      format: fc.constantFrom(...facilityFormats),
      writes: fc.constant('number' as const),
      base: fc.constant('decimal' as const),
      facility: fc.bigInt(0n, 20n),
    }),
    fc.record({
      format: fc.constant('CSN' as const),
      bytes: fc.constantFrom(4, 5, 7, 8, 10),
      base: fc.constantFrom('decimal' as const, 'hex' as const),
      reversed: fc.boolean(),
    }),
  )
  fc.assert(
    fc.property(rules, anyCard, (rule, card) => {
      const type = badgeType(rule)
      const written = type.write(card)
      if (card.format !== rule.format) expect(written).toBeNull()
      if (written !== null) expect(type.read(written)).toEqual(card)
    }),
  )
  fc.assert(
    fc.property(rules, fc.string({ unit: fc.constantFrom(...'0123456789AF- ') }), (rule, text) => {
      const card = badgeType(rule).read(text)
      if (card !== null) expect(badgeType(rule).write(card)).not.toBeNull()
    }),
  )
})

test('a badge type that leaves the facility open is refused', () => {
  expect(() => badgeType({ format: 'H10301', writes: 'number', base: 'decimal' })).toThrow('facility code')
  expect(() => badgeType({ format: 'PIV75', writes: 'number', base: 'decimal' })).toThrow('facility code')
  const customer10 = badgeType({ format: 'H10301', writes: 'number', base: 'decimal', facility: 10n, digits: 5 })
  expect(customer10.write(readCard('H10301:10:77') as Card)).toBe('00077')
  expect(customer10.write(readCard('H10301:11:77') as Card)).toBeNull()
  expect(customer10.read('77')).toEqual(readCard('H10301:10:77'))
  expect([customer10.read('65536'), customer10.read('7A'), customer10.read('')]).toEqual([null, null, null])
})

test('an order of bytes or bits that loses nothing leads back, and a short one keeps four bytes', () => {
  const uid = fc
    .uint8Array({ minLength: 4, maxLength: 10 })
    .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase())
  fc.assert(
    fc.property(uid, (hex) => {
      for (const { of } of wholeOrders) expect(of(of(hex))).toBe(hex)
      for (const { of } of shortOrders) expect(of(hex)).toHaveLength(8)
    }),
  )
})

describe('readings', () => {
  test('hold every card, however it is written', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const forms = [cardText(card), cardText(card).toLowerCase(), card.raw, `0x${card.raw}`]
        if (bitsOfCard(card).length >= 26) forms.push(bitsOfCard(card))
        const joined = joinedNumber(card)
        if (joined !== null) forms.push(joined.toString())
        for (const form of forms.filter(
          (each) => card.format !== 'CSN' || [32, 40, 56, 64, 80].includes(card.bits) || each.includes(':'),
        ))
          expect(readingsOf(form).readings.map((reading) => cardKey(reading.card))).toContain(cardKey(card))
      }),
      { numRuns: 300 },
    )
  })

  test('of hostile text are none, or an error that does not repeat it', () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFabcdefxX:.,/- H1IR'), maxLength: 300 }),
      fc.stringMatching(/^[01]{20,260}$/),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          for (const { card, how } of readingsOf(text).readings) {
            expect(cardSchema.parse(card)).toEqual(card)
            expect(readCard(cardText(card))).toEqual(card)
            expect(how.length).toBeGreaterThan(0)
            if (card.format !== 'CSN') valuesOf(card)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CardError)
          if (text.length > 4) expect((error as Error).message).not.toContain(text)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each(['', ' ', '\u0000', '1'.repeat(300), '١٢٣', '17;4711', "1' or '1'='1", '-5', '\u001B[31m1'])(
    '%j is refused in clear words',
    (text) => {
      expect(() => readingsOf(text)).toThrow(/no number of a card|a number of a card/)
    },
  )

  test('say which parity rules a format out', () => {
    expect(readingsOf('10000000100000000000000011').misfits).toEqual([
      { format: 'H10301', why: 'the parity in bit 25 does not fit' },
    ])
    expect(readingsOf('2020003').misfits).toContainEqual({ format: 'H10301', why: 'the parity in bit 25 does not fit' })
  })

  test('of 37 bits are two, and neither is preferred', () => {
    const texts = readingsOf('1001100000011100110101000110010011101').readings.map(({ card }) => cardText(card))
    expect(texts.sort()).toEqual(['H10302:6472681038', 'H10304:12345:345678'])
  })
})
