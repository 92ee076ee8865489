import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { durationMs } from '../src/model/duration.ts'
import { configJsonSchema } from './json-schema.ts'
import { fileFault } from './owned-file.ts'
import { nearest } from './problem.ts'
import { parseReference, referenceText } from './reference.ts'
import { shapeOf } from './shape.ts'
import { readYaml } from './yaml.ts'

test('schema.json is what the schema says now', () => {
  expect(readFileSync(new URL('schema.json', import.meta.url), 'utf8')).toBe(configJsonSchema())
})

describe('durations', () => {
  test.each([
    ['0d', 0],
    ['500ms', 500],
    ['2s', 2000],
    ['15m', 900_000],
    ['20h', 72_000_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['3653d', 315_619_200_000],
  ])('%s', (text, ms) => expect(durationMs(text)).toBe(ms))

  test.each(['', '7', 'd', '-1d', '1.5h', '7 d', '7D', '1h30m', '1y', '3654d', '1'.repeat(10)])('%s is none', (text) =>
    expect(durationMs(text)).toBeNull(),
  )
})

test('a reference comes back from its text', () => {
  fc.assert(
    fc.property(fc.constantFrom('env' as const, 'file' as const), fc.stringMatching(/^[^{}\n]+$/), (kind, name) => {
      expect(parseReference(referenceText(kind, name))).toEqual({ kind, name })
    }),
  )
})

describe('the nearest word', () => {
  const words = ['csv', 'biostar2', 'employeeNumber', 'remove_after', 'zone']
  test.each([
    ['cvs', 'csv'],
    ['employee_number', 'employeeNumber'],
    ['remove-after', 'remove_after'],
    ['removeAfter', 'remove_after'],
    ['zoen', 'zone'],
    ['zones', 'zone'],
    ['biostar', 'biostar2'],
    ['workday', undefined],
    ['', undefined],
  ])('to %s is %s', (word, expected) => expect(nearest(word, words)).toBe(expected))
  test('of none is none', () => expect(nearest('zone', [])).toBeUndefined())
})

describe('YAML', () => {
  test('knows the line of everything', () => {
    const { value, lineOf } = readYaml('a:\n  b:\n    - 1\n    - c: x\n\n# note\nd: { e: [2,\n 3] }\n')
    expect(value).toEqual({ a: { b: [1, { c: 'x' }] }, d: { e: [2, 3] } })
    const lines = [['a'], ['a', 'b', 0], ['a', 'b', 1, 'c'], ['d', 'e', 1], ['a', 'missing'], ['missing'], []]
    expect(lines.map(lineOf)).toEqual([1, 3, 4, 8, 1, null, null])
  })

  test.each([
    ['a: 1\nb: 2\na: 3', 3, 'expected each key once'],
    ['a: "x', 1, 'expected a closing quote or bracket, or a colon after the key'],
    ['a:\n\t- x', 2, 'expected blanks, not tabs'],
    ['a: 1\n---\nb: 2', 2, 'expected one document'],
    ['a: !secret x', 1, "expected no tag of one's own (!name)"],
    ['a: &x 1\nb: *x', 2, 'expected the value itself'],
    ['[a]: 1', 1, 'expected text as key'],
    ['__proto__: { a: 1 }', 1, 'expected another key'],
    ['a: *nowhere', 1, 'expected the value itself'],
    ['a: "\\q"', 1, 'expected YAML'],
    ['a: @x', 1, 'expected quotes around a text that starts with this character'],
  ])('%j is refused with its line', (text, line, expected) => {
    const { problems } = readYaml(text)
    expect(problems[0]).toMatchObject({ line, expected })
  })

  test('errors never quote the text', () => {
    for (const text of [
      'a: { b: $hunter2{x} }',
      'a: "hunter2',
      'hunter2: &a\nb: *hunter2',
      'a: !hunter2 b',
      'a: b\n  c: hunter2',
    ]) {
      const { problems } = readYaml(text)
      expect(problems.length).toBeGreaterThan(0)
      expect(JSON.stringify(problems)).not.toContain('hunter2')
    }
  })

  test('of nothing is nothing, and yes stays a word', () => {
    expect(readYaml('').value).toBeNull()
    expect(readYaml('a:').value).toEqual({ a: null })
    expect(readYaml('on: yes').value).toEqual({ on: 'yes' })
  })
})

describe('a shape', () => {
  const secret = z.string().meta({ secret: true })
  interface Tree {
    readonly token?: string | undefined
    readonly below?: readonly Tree[] | undefined
  }
  const tree: z.ZodType<Tree> = z.lazy(() =>
    z.strictObject({ token: secret.optional(), below: z.array(tree).optional() }),
  )
  const shape = shapeOf(
    z.strictObject({
      plain: z.string(),
      wrapped: secret.optional(),
      defaulted: z.string().transform(Number).meta({ secret: true }).prefault('1'),
      whole: z.strictObject({ inner: z.string() }).meta({ secret: true }),
      list: z.array(secret),
      pair: z.tuple([z.string(), secret]),
      record: z.record(z.string(), secret),
      either: z.union([z.strictObject({ user: z.string(), pass: secret }), z.literal('none')]),
      both: z.intersection(z.object({ a: secret }), z.object({ b: z.string() })),
      tree,
      when: z.date().optional(),
    }),
  )

  test.each<[string, (string | number)[], boolean]>([
    ['a plain field', ['plain'], false],
    ['an optional secret', ['wrapped'], true],
    ['a transformed one with a default', ['defaulted'], true],
    ['inside a secret map', ['whole', 'inner'], true],
    ['an item of a list', ['list', 3], true],
    ['the first of a pair', ['pair', 0], false],
    ['the second of a pair', ['pair', 1], true],
    ['a value of a record', ['record', 'any'], true],
    ['one form of several', ['either', 'pass'], true],
    ['its open neighbour', ['either', 'user'], false],
    ['a part of an intersection', ['both', 'a'], true],
    ['deep in a tree', ['tree', 'below', 0, 'below', 1, 'token'], true],
    ['what is not there', ['nowhere', 0, 'x'], false],
    ['what every object inherits', ['constructor'], false],
  ])('%s', (_title, path, expected) => expect(shape.isSecret(path)).toBe(expected))

  test('lists the keys of a place', () => {
    expect(shape.keysAt(['either'])).toEqual(['user', 'pass'])
    expect(shape.keysAt(['plain'])).toEqual([])
  })
})

test('a file is judged by its kind and size alone where files have no owners', () => {
  const stats = { mode: 0o100666, uid: 7, size: 10, isFile: () => true }
  expect(fileFault(stats, true, undefined)).toBeNull()
  expect(fileFault({ ...stats, size: 2 ** 21 }, true, undefined)).toBe('too-large')
  expect(fileFault({ ...stats, mode: 0o100600 }, true, 8)).toBe('foreign')
  expect(fileFault({ ...stats, mode: 0o100600, uid: 0 }, true, 8)).toBeNull()
})
