import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connectors } from '../connectors/index.ts'
import { type DocumentedKey, documentedKeys } from './documented-keys.ts'
import { expressionMistakes } from './expressions.ts'
import { configFile } from './schema.ts'
import { settingsPage } from './settings-page.ts'

const page = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8')

test('docs/settings.md is what the schemas say now: `npm run generate` writes it', () => {
  expect(page).toBe(settingsPage(connectors))
})

const schemas = [
  { of: 'the file', schema: configFile as z.ZodType },
  ...connectors.map(({ id, settings }) => ({ of: id, schema: settings as z.ZodType })),
]

/** The parts of a path; what a person may name is `x`, and a list has one entry. */
function partsOf(path: string): (string | number)[] {
  const parts = path.replaceAll('[]', '.0').replaceAll('<name>', 'x').split('.')
  return parts.map((part) => (part === '0' ? 0 : part))
}

/** A file that says nothing but this. */
function fileWith({ path, description }: DocumentedKey, value: unknown): unknown {
  return partsOf(path).reduceRight<unknown>((inner, part) => {
    if (part === 0) return [{ format: /^With (\w+)/.exec(description)?.[1] ?? 'CSN', ...(inner as object) }]
    return { [part]: inner }
  }, value)
}

function refusals(schema: z.ZodType, file: unknown, path: string): string[] {
  const at = partsOf(path)
  return (schema.safeParse(file).error?.issues ?? [])
    .filter(({ path: place }) => at.every((part, index) => place[index] === part))
    .map(({ message }) => message)
}

const isReference = (value: unknown) => JSON.stringify(value).includes('${')

describe.each(schemas)('what is said of the settings of $of', ({ schema }) => {
  const keys = documentedKeys(schema)
  const values = keys.filter(({ isMap }) => !isMap)

  test('has words for every key, and an example for every one that takes a value', () => {
    expect(keys.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([])
    expect(values.filter(({ example }) => example === null).map(({ path }) => path)).toEqual([])
  })

  test('gives examples that the schema takes', () => {
    const examples = values.flatMap((key) =>
      key.examples.filter((value) => !isReference(value)).map((value) => ({ key, file: fileWith(key, value) })),
    )
    expect(examples.length).toBeGreaterThan(4)
    expect(
      examples.flatMap(({ key, file }) => refusals(schema, file, key.path).map((why) => `${key.path}: ${why}`)),
    ).toEqual([])
    expect(examples.flatMap(({ file }) => expressionMistakes(file))).toEqual([])
  })

  test('would show an example that the schema does not take', () => {
    const taken = values.filter(
      (key) => refusals(schema, fileWith(key, { nobody: 'takes this' }), key.path).length === 0,
    )
    // These take texts by names of one's own.
    expect(taken.filter(({ path }) => !/\.(settings|attrs|headers)$/.test(path))).toEqual([])
  })
})

test('a form that another key tells apart, a range, and a default are told in words', () => {
  const schema = z.strictObject({
    either: z
      .array(
        z.discriminatedUnion('is', [
          z.strictObject({
            is: z.literal('a').meta({ description: 'One.' }),
            x: z.int().min(1).meta({ description: 'X.' }),
          }),
          z.strictObject({
            is: z.literal('b').meta({ description: 'Two.' }),
            y: z.number().gt(0).max(2).meta({ description: 'Y.' }),
          }),
        ]),
      )
      .meta({ description: 'Either.' }),
    tab: z
      .enum(['\t', '|'])
      .default('|')
      .meta({ description: 'Tab.', examples: ['\t'] }),
    list: z.array(z.number()).default([1]).meta({ description: 'List.' }),
  })
  const keys = documentedKeys(schema).map(({ path, takes, fallback, required, description }) => [
    path,
    takes,
    required ? 'required' : fallback,
    description,
  ])
  expect(keys).toEqual([
    ['either', 'list of maps', 'required', 'Either.'],
    ['either[].is', '`a`, `b`', 'required', 'a: One. b: Two.'],
    ['either[].x', 'whole number, 1 or more', null, 'With a, where it must be given: X.'],
    ['either[].y', 'number, more than 0 to 2', null, 'With b, where it must be given: Y.'],
    ['tab', '`"\\t"`, `\'|\'`', "'|'", 'Tab.'],
    ['list', 'list of number', '[1]', 'List.'],
  ])
})
