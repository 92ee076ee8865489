import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeValues, type GuardValue } from './canonical.ts'
import { createKeyring } from './keyring.ts'
import { openVault } from './vault.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))

const guardValue: fc.Arbitrary<GuardValue> = fc.oneof(
  fc.constantFrom<GuardValue>(
    null,
    '',
    0,
    false,
    true,
    Buffer.alloc(0),
    new Date(0),
    'null',
    '0',
    'false',
    '\ud800',
    '\ufffd',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double(),
  fc.integer(),
  fc.date(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
)
const guardValues = fc.array(guardValue, { maxLength: 6 })

/** Reads an encoding back: when that always gives the input, no two inputs can share an encoding. */
function decode(bytes: Buffer): { name: GuardValue | undefined; values: GuardValue[] } {
  let at = 0
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const sized = () => take(take(4).readUInt32BE())
  const readers: (() => GuardValue)[] = [
    () => null,
    () => false,
    () => true,
    () => take(8).readDoubleBE(),
    () => new Date(take(8).readDoubleBE()),
    () => sized().toString('utf8'),
    () => sized().toString('utf16le'),
    () => Buffer.from(sized()),
  ]
  const values: GuardValue[] = []
  while (at < bytes.length) {
    const read = readers[take(1).readUInt8()]
    if (read === undefined) throw new Error('unknown tag')
    values.push(read())
  }
  return { name: values[0], values: values.slice(1) }
}

describe('the encoding under every guard', () => {
  test('can be read in one way only', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10 }), guardValues, (name, values) => {
        const withoutMinusZero = values.map((value) => (Object.is(value, -0) ? 0 : value))
        expect(decode(encodeValues(name, values))).toEqual({ name, values: withoutMinusZero })
      }),
      { numRuns: 500 },
    )
  })

  test('grows with its values', () => {
    const long = 'x'.repeat(10_000)
    expect(decode(encodeValues('t', [long, Buffer.alloc(50_000, 1), 1])).values).toEqual([
      long,
      Buffer.alloc(50_000, 1),
      1,
    ])
    const many = Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? i : null))
    expect(decode(encodeValues('t', many)).values).toEqual(many)
  })

  test('refuses what no column holds instead of taking it for something else', () => {
    for (const value of [undefined, [], {}, 1n, new Uint8Array(2)]) {
      expect(() => vault.guard('t', [value as unknown as GuardValue])).toThrow(TypeError)
    }
  })
})

describe('a guard', () => {
  test('holds for the values it was made of and for no others', () => {
    fc.assert(
      fc.property(guardValues, guardValues, (values, others) => {
        const guard = vault.guard('account', values)
        expect(guard.length).toBe(32)
        expect(vault.verifyGuard('account', values, guard)).toBe(true)
        expect(vault.verifyGuard('person', values, guard)).toBe(false)
        const same = encodeValues('', values).equals(Buffer.from(encodeValues('', others)))
        fc.pre(!same)
        expect(vault.verifyGuard('account', others, guard)).toBe(false)
      }),
    )
  })

  test.each<[string, GuardValue[], GuardValue[]]>([
    ['null and an empty text', [null], ['']],
    ['zero and an empty text', [0], ['']],
    ['zero and null', [0], [null]],
    ['zero and false', [0], [false]],
    ['a number and its digits', [1], ['1']],
    ['a date and its milliseconds', [new Date(5)], [5]],
    ['a date and its text', [new Date(0)], ['1970-01-01T00:00:00.000Z']],
    ['bytes and their text', [Buffer.from('a')], ['a']],
    ['values cut elsewhere', ['ab', 'c'], ['a', 'bc']],
    ['a value more', ['a'], ['a', null]],
    ['another order', ['a', 'b'], ['b', 'a']],
    ['half a surrogate pair and its replacement', ['\ud800'], ['\ufffd']],
  ])('keeps %s apart', (_title, left, right) => {
    expect(vault.verifyGuard('t', right, vault.guard('t', left))).toBe(false)
  })

  test('does not depend on the sign of zero, which the database drops', () => {
    expect(vault.verifyGuard('t', [0], vault.guard('t', [-0]))).toBe(true)
  })

  test('gives an answer for values that only a tampered row can hold', () => {
    const guard = vault.guard('t', [new Date(0)])
    for (const value of [Number.POSITIVE_INFINITY, Number.NaN, new Date(Number.NaN), '\ud800']) {
      expect(vault.verifyGuard('t', [value], guard)).toBe(false)
    }
  })

  test('fails after any bit flip, when cut, when empty, and under another keyring', () => {
    const guard = vault.guard('t', ['a'])
    for (let bit = 0; bit < 256; bit += 1) {
      const flipped = Buffer.from(guard)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(vault.verifyGuard('t', ['a'], flipped)).toBe(false)
    }
    expect(vault.verifyGuard('t', ['a'], guard.subarray(0, 16))).toBe(false)
    expect(vault.verifyGuard('t', ['a'], Buffer.alloc(0))).toBe(false)
    expect(openVault(createKeyring({ stamp: 'demo' })).verifyGuard('t', ['a'], guard)).toBe(false)
  })
})
