import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type SourceFieldName, sourceFields, sourceRecord } from '../model/source-record.ts'
import { fieldChecks, isBlank } from './coerce.ts'
import { compileMapping } from './mapping.ts'
import { RowRefused } from './problem.ts'

const names = Object.keys(fieldChecks) as SourceFieldName[]
const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ minLength: 505, maxLength: 520 }),
  fc.constantFrom(
    'employee',
    'visitor',
    'Employee',
    '2024-02-29',
    '2023-02-29',
    '9999-12-31',
    'Europe/Berlin',
    ' ',
    '',
  ),
)
const values = fc.oneof(texts, fc.boolean(), fc.constant(null), fc.integer(), fc.bigInt(), fc.array(fc.string()))

it('the checks by hand accept what the schema accepts, but for identifiers and zones, which are stricter', () => {
  expect(names.sort()).toEqual(Object.keys(sourceFields.shape).sort())
  fc.assert(
    fc.property(fc.constantFrom(...names), values, (name, value) => {
      const blank = typeof value === 'string' && value.length <= 512 && isBlank(value)
      const accepted = blank || sourceFields.shape[name].safeParse(value).success
      let result: unknown
      try {
        result = fieldChecks[name].coerce(value)
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error
        expect(accepted && !['mapping.zone', 'mapping.spreadsheet-number'].includes(error.code)).toBe(false)
        return
      }
      expect(accepted).toBe(true)
      expect(result).toBe(blank ? null : value)
    }),
    { numRuns: 3000 },
  )
})

const wide = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(texts, { nil: null }))

it('whatever the cells, the answer is a valid record or a problem', () => {
  const mapping = compileMapping({
    key: 'row.a',
    person: 'row.b',
    fields: {
      email: 'row.b',
      kind: 'row.c',
      start: 'row.d',
      end: 'date(row.d, "yyyyMMdd")',
      left: 'row.c == "x"',
      title: 'lower(row.c)',
    },
    attrs: { x: 'row.c', n: 'number(row.d)' },
    cards: [{ format: 'CSN', uid: 'row.d' }],
  })
  fc.assert(
    fc.property(wide, (cells) => {
      const result = mapping.apply(cells)
      if ('record' in result) expect(sourceRecord.parse(result.record)).toEqual(result.record)
      else expect(result.problem.code).toMatch(/^mapping\./)
    }),
    { numRuns: 1000 },
  )
})

it('the short ways give the same as CEL itself', () => {
  const sources = [
    'row.a',
    'row["b"]',
    'trim(row.a)',
    'lower(trim(row.b))',
    'date(row.a, "yyyy-MM-dd")',
    'number(row.b)',
  ]
  const pairs = sources.map((source) => {
    // A conditional is never short, so that the same expression takes the long way.
    const [short, long] = [source, `true ? ${source} : null`].map((key) =>
      compileMapping({ key: '"k"', fields: {}, attrs: { key } }),
    )
    return { short, long }
  })
  fc.assert(
    fc.property(wide, fc.constantFrom(...pairs), (cells, { short, long }) => {
      expect(outcome(short?.apply(cells))).toEqual(outcome(long?.apply(cells)))
    }),
    { numRuns: 2000 },
  )
})

/** Without the place, which differs by the text in front. */
function outcome(result: ReturnType<ReturnType<typeof compileMapping>['apply']> | undefined) {
  return result && 'problem' in result ? result.problem.code : result
}

it('what goes in as plain cells comes out as the same record', () => {
  const plain = names.filter((name) => name !== 'left' && name !== 'suspended')
  const mapping = compileMapping({
    key: 'row.key',
    fields: {
      ...Object.fromEntries(plain.map((name) => [name, `row.${name}`])),
      left: 'row.left == "true"',
      suspended: 'row.suspended == "true"',
    },
  })
  const words = fc.stringMatching(/^[a-z]{1,12}$/)
  const shapes = {
    kind: fc.constantFrom('employee', 'intern'),
    zone: fc.constantFrom('Europe/Berlin', 'Asia/Tokyo'),
    start: fc.constant('2024-01-01'),
    end: fc.constantFrom('2024-12-31', '2024-02-29'),
    lastWorkingDay: fc.constant('2024-06-30'),
    left: fc.boolean(),
    suspended: fc.boolean(),
    photo: fc.constantFrom('unread', `${'0a'.repeat(32)} 10017.jpg`),
  }
  const generated = Object.fromEntries(
    names.map((name) => [name, name in shapes ? shapes[name as keyof typeof shapes] : words] as const),
  ) as Record<SourceFieldName, fc.Arbitrary<string | boolean>>
  fc.assert(
    fc.property(words, fc.record(generated), (key, fields) => {
      const cells = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))
      expect(mapping.apply({ key, ...cells })).toEqual({ record: { key, fields, hidden: [], attrs: {} } })
    }),
  )
})
