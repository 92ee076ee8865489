import { expect, test } from 'vitest'
import { z } from 'zod'
import { expectationsOf } from './issues.ts'

function expectedFor(schema: z.ZodType, value: unknown): string[] {
  const issues = schema.safeParse(value).error?.issues ?? []
  return issues.flatMap((issue) => expectationsOf(issue, [], () => [])).map(({ expected }) => expected)
}

const union = z.union([z.strictObject({ host: z.string(), port: z.int() }), z.strictObject({ path: z.string() })])

test.each<[string, z.ZodType, unknown, string[]]>([
  ['a type without a word of its own', z.date(), 1, ['expected date']],
  ['a whole number', z.int(), 1.5, ['expected a whole number']],
  ['a single value', z.literal('none'), 'x', ['expected none']],
  ['a value that is empty', z.enum(['', '-']), 'x', ['expected one of "", -']],
  ['an open lower bound', z.number().gt(0), 0, ['expected more than 0']],
  ['a lower bound', z.int().min(3), 1, ['expected at least 3']],
  ['an open upper bound', z.number().lt(5), 5, ['expected less than 5']],
  ['an upper bound', z.string().max(2), 'abc', ['expected at most 2 characters']],
  ['a number of entries', z.array(z.int()).max(1), [1, 2], ['expected at most 1 entries']],
  ['a form', z.email(), 'x', ['expected a valid email address']],
  ['a multiple', z.int().multipleOf(5), 7, ['expected it to be a multiple of 5']],
  ['a message of its own', z.string().refine(() => false, 'give another one'), 'x', ['give another one']],
  ['the form that fits best', union, { host: 'a', port: 'b' }, ['expected a number']],
  ['an unknown key where none are known', z.strictObject({}), { a: 1 }, ['expected no such key']],
])('%s', (_title, schema, value, expected) => expect(expectedFor(schema, value)).toEqual(expected))

test('a list that may hold one of several forms names the place inside', () => {
  const issues = z.array(union).safeParse([{ path: 'a' }, { path: 5 }]).error?.issues ?? []
  const found = issues.flatMap((issue) => expectationsOf(issue, ['settings'], () => []))
  expect(found).toEqual([{ path: ['settings', 1, 'path'], expected: 'expected text' }])
})
