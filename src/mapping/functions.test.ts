import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainDate } from '../model/source-record.ts'
import { date, dateFormats, isPlainDate, lower, number, trim } from './functions.ts'

describe('date', () => {
  it.each([
    ['31.01.2024', 'dd.MM.yyyy', '2024-01-31'],
    ['31/01/2024', 'dd/MM/yyyy', '2024-01-31'],
    ['01/31/2024', 'MM/dd/yyyy', '2024-01-31'],
    ['2024-01-31', 'yyyy-MM-dd', '2024-01-31'],
    ['20240131', 'yyyyMMdd', '2024-01-31'],
    [' 29.02.2024 ', 'dd.MM.yyyy', '2024-02-29'],
    ['1', 'excel', '1900-01-01'],
    ['59', 'excel', '1900-02-28'],
    ['61', 'excel', '1900-03-01'],
    ['45322', 'excel', '2024-01-31'],
  ])('%s as %s is %s', (text, format, plain) => {
    expect(date(text, format)).toBe(plain)
  })

  it.each([
    [null, 'dd.MM.yyyy'],
    ['', 'dd.MM.yyyy'],
    ['  ', 'excel'],
    ['31.12.9999', 'dd.MM.yyyy'],
    ['99991231', 'yyyyMMdd'],
    ['0000-00-00', 'yyyy-MM-dd'],
    ['00.00.0000', 'dd.MM.yyyy'],
    ['2958465', 'excel'],
    ['0', 'excel'],
  ])('%s as %s is no date at all', (text, format) => {
    expect(date(text, format)).toBeNull()
  })

  it.each([
    ['1.2.2024', 'dd.MM.yyyy'],
    ['31.01.24', 'dd.MM.yyyy'],
    ['31.04.2024', 'dd.MM.yyyy'],
    ['29.02.2023', 'dd.MM.yyyy'],
    ['31/01/2024', 'MM/dd/yyyy'],
    ['2024-01-31T00:00', 'yyyy-MM-dd'],
    ['00.01.2024', 'dd.MM.yyyy'],
    ['60', 'excel'],
    ['45322.5', 'excel'],
    ['2958466', 'excel'],
    ['31.01.2024', 'constructor'],
  ])('%s as %s is refused', (text, format) => {
    expect(() => date(text, format)).toThrow('mapping.date')
  })

  it('reads back every day in every written format', () => {
    const days = fc.date({ min: new Date('1901-01-01'), max: new Date('9999-12-30'), noInvalidDate: true })
    fc.assert(
      fc.property(days, fc.constantFrom(...dateFormats), (day, format) => {
        const plain = day.toISOString().slice(0, 10)
        const [y, m, d] = plain.split('-') as [string, string, string]
        const serial = Date.parse(plain) / 86_400_000 - Date.parse('1899-12-30') / 86_400_000
        const text = format === 'excel' ? String(serial) : format.replace('yyyy', y).replace('MM', m).replace('dd', d)
        expect(date(text, format)).toBe(plain)
      }),
    )
  })
})

describe('number', () => {
  it.each([
    ['0', 0],
    ['42', 42],
    ['-3.50', -3.5],
    [' 7 ', 7],
    ['123456789012345', 123456789012345],
  ])('reads %s', (text, value) => {
    expect(number(text)).toBe(value)
  })

  it.each([
    '1.23E+11',
    '1e5',
    '007',
    '-01',
    '1,5',
    '1 000',
    '+1',
    '.5',
    '5.',
    'NaN',
    'Infinity',
    '0x10',
    '1234567890123456',
  ])('refuses %s', (text) => {
    expect(() => number(text)).toThrow('mapping.number')
  })

  it('has nothing to say of nothing', () => {
    expect([number(null), number(' '), trim(null), lower(null)]).toEqual([null, null, null, null])
  })
})

it('text functions trim and lower, no-break spaces included', () => {
  expect(trim('\u00a0 Ada ')).toBe('Ada')
  expect(lower('ÄDA')).toBe('äda')
})

describe('isPlainDate', () => {
  it("gives the schema's answer for anything that looks like a date", () => {
    const digit = (max: number, width: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(width, '0'))
    const like = fc.tuple(digit(9999, 4), digit(14, 2), digit(33, 2)).map((parts) => parts.join('-'))
    const any = fc.oneof(like, fc.string({ minLength: 10, maxLength: 10 }), fc.string())
    fc.assert(
      fc.property(any, (text) => {
        expect(isPlainDate(text)).toBe(plainDate.safeParse(text).success)
      }),
      { numRuns: 2000 },
    )
  })

  it("gives the schema's answer for the end of February in every year", () => {
    for (let year = 0; year <= 9999; year++) {
      for (const day of ['-02-28', '-02-29', '-02-30']) {
        const text = String(year).padStart(4, '0') + day
        if (isPlainDate(text) !== plainDate.safeParse(text).success) expect.fail(text)
      }
    }
  })
})
