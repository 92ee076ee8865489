/** The examples of docs/mapping.md, each evaluated: what the page says is what the program does. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { connectors } from '../connectors/index.ts'
import { compileMapping, type MappingConfig } from '../src/mapping/mapping.ts'
import { mergePerson } from '../src/mapping/merge.ts'
import { recordProblemCodes } from '../src/mapping/problem.ts'
import { cardText } from '../src/model/card.ts'
import { newId, type PersonId } from '../src/model/id.ts'
import type { SourceRecord } from '../src/model/source-record.ts'
import { compilePolicy } from '../src/policy/policy.ts'
import { stateOf } from '../src/policy/state.ts'
import { expressionMistakes } from './expressions.ts'
import { configFile } from './schema.ts'

const page = readFileSync(new URL('../docs/mapping.md', import.meta.url), 'utf8')

/** What stands under a heading. */
function under(heading: string): string {
  const [, body = ''] = page.split(`\n## ${heading}\n`)
  return body.split('\n## ')[0] ?? ''
}

function block(heading: string, language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(under(heading)) ?? []
  if (text === undefined) throw new Error(`no block of ${language} under ${heading}`)
  return text
}

/** The rows of the table whose head is this; cells of code without their backticks. */
function tableOf(heading: string, ...names: string[]): string[][] {
  const lines = under(heading).split('\n')
  const cellsOf = (line: string) =>
    line
      .slice(2, -2)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'))
  const head = lines.findIndex((line) => line.startsWith('|') && cellsOf(line).join() === names.join())
  const rows: string[][] = []
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break
    rows.push(cellsOf(line))
  }
  if (head < 0 || rows.length === 0) throw new Error(`no table of ${names.join()} under ${heading}`)
  return rows
}

const bare = (cell = '') => /^`(.*)`$/.exec(cell)?.[1] ?? cell

/** The cells of a row as the page writes them: a map of YAML whose values are all text. */
function cellsIn(cell: string | undefined): Record<string, string | null> {
  return parseYaml(bare(cell), { schema: 'failsafe' }) as Record<string, string | null>
}

function mappingFor(field: string, expression: string): MappingConfig {
  const [of, name] = field.split('.')
  return of === 'attrs' && name !== undefined
    ? { key: '"k"', fields: {}, attrs: { [name]: expression } }
    : { key: '"k"', fields: { [field]: expression } }
}

function given(field: string, expression: string, cells: Record<string, string | null>): string {
  const result = compileMapping(mappingFor(field, expression)).apply(cells)
  if ('problem' in result) return result.problem.code
  const { fields, hidden, attrs } = result.record
  if (hidden.includes(field as never)) return 'hidden'
  const values: Record<string, unknown> = { ...fields, [`attrs.${Object.keys(attrs)[0]}`]: Object.values(attrs)[0] }
  return values[field] === undefined ? 'absent' : String(values[field])
}

test.each([
  ...tableOf('Cells and expressions', 'field', 'expression', 'cells', 'gives'),
  ...tableOf('Dates', 'field', 'expression', 'cells', 'gives'),
])('%s: %s of %s gives %s', (field, expression, cells, gives) => {
  expect(given(bare(field), bare(expression), cellsIn(cells))).toBe(bare(gives))
})

function personOf(record: SourceRecord) {
  return mergePerson(newId<PersonId>(), [{ source: 'hr', zone: 'Europe/Berlin', gone: false, record }])
}

test.each(tableOf('Employments', 'fields', 'state'))('an employment of %s is %s', (written, state) => {
  const named = parseYaml(bare(written)) as Record<string, unknown>
  const withValue = (is: (value: unknown) => boolean) => Object.entries(named).filter(([, value]) => is(value))
  const record = {
    key: 'k',
    fields: Object.fromEntries(
      withValue((value) => value !== 'absent' && value !== 'hidden'),
    ) as SourceRecord['fields'],
    hidden: withValue((value) => value === 'hidden').map(([name]) => name),
    attrs: {},
  }
  const options = { siteZones: {}, sourceFields: { hr: Object.keys(named) } }
  expect(stateOf(personOf(record), new Date('2026-03-10T12:00:00Z'), options).state).toBe(state)
})

test.each(tableOf('Cards', 'cells', 'gives'))('the cards of %s are %s', (cells, gives) => {
  const cards = parseYaml(block('Cards', 'yaml')) as NonNullable<MappingConfig['cards']>
  const result = compileMapping({ key: '"k"', fields: {}, cards }).apply(cellsIn(cells))
  const claims = 'problem' in result ? result.problem.code : result.record.cards
  const said =
    typeof claims === 'string'
      ? `\`${claims}\``
      : (claims?.map(({ card, state }) => `\`${cardText(card)} ${state}\``).join(', ') ?? 'absent')
  // What stands behind a colon explains.
  expect(gives?.split(': ')[0]).toBe(said === '' ? 'no card' : said)
})

test.each(tableOf('Rules', 'to', 'answer'))('the rule %s is %s', (to, answer) => {
  const person = personOf({
    key: 'k',
    hidden: [],
    fields: { kind: 'employee', department: 'Research', site: 'Berlin', start: '2026-01-01', end: null, left: false },
    attrs: { grade: 7, levels: ['Main', 'Lab'] },
  })
  const now = new Date('2026-03-10T12:00:00Z')
  const explanation = compilePolicy([{ grant: ['hq/Door'], to: bare(to) }]).explain(
    person,
    stateOf(person, now, { siteZones: {} }),
    now,
  )
  expect(explanation.rules[0]?.employments.map(({ verdict }) => verdict)).toEqual([answer])
})

test.each(tableOf('What is wrong in the file', 'key', 'written', 'says'))('%s: %s says %s', (key, written, says) => {
  const file =
    bare(key) === 'policy[0].to'
      ? { policy: [{ grant: ['hq/Door'], to: bare(written) }] }
      : { sources: { hr: { mapping: mappingFor(bare(key).replace('fields.', ''), bare(written)) } } }
  expect(expressionMistakes(file).map(({ found }) => found)).toEqual([bare(says)])
})

test('every code for a row that could not be used is explained', () => {
  const told = tableOf('What is wrong in a row', 'code', 'what it means', 'what to do').map(([code]) => bare(code))
  expect(told.slice(0, recordProblemCodes.length)).toEqual([...recordProblemCodes])
  // What the engine adds to these, once a row has become a record.
  const added = ['intake', 'place-records'].flatMap((file) => {
    const code = readFileSync(new URL(`../src/sync/pull/${file}.ts`, import.meta.url), 'utf8')
    return [...code.matchAll(/problems\.push\(\{.*code: '([a-z.-]+)' \}\)/g)].map(([, name]) => name)
  })
  const isNew = (code: string | undefined) => !recordProblemCodes.some((known) => known === code)
  expect(new Set(told.slice(recordProblemCodes.length))).toEqual(new Set(added.filter(isNew)))
})

describe('the whole example', () => {
  const file = parseYaml(block('A whole example', 'yaml')) as Record<string, Record<string, unknown>>
  const [cells = {}] = parse(block('A whole example', 'csv'), { columns: true }) as Record<string, string>[]

  test('is a configuration, but for the secret that it refers to', () => {
    expect(configFile.safeParse(file).error).toBeUndefined()
    expect(expressionMistakes(file)).toEqual([])
    for (const { id, settings } of connectors) {
      const used = Object.values({ ...file.sources, ...file.targets }) as {
        connector: string
        settings: unknown
      }[]
      for (const each of used.filter(({ connector }) => connector === id))
        expect(settings.safeParse(each.settings).error).toBeUndefined()
    }
  })

  test('gives the record, and grants the levels, that the page shows', () => {
    const config = configFile.parse(file)
    const mapping = compileMapping(config.sources.hr?.mapping as MappingConfig)
    const result = mapping.apply(cells)
    if ('problem' in result) throw new Error(result.problem.code)
    const { key, fields, attrs, cards = [] } = result.record
    const person = personOf(result.record)
    const now = new Date('2026-03-02T12:00:00Z')
    const policy = compilePolicy(config.policy)
    const standing = stateOf(person, now, { siteZones: {}, sourceFields: { hr: mapping.fields } })
    expect({
      key,
      fields,
      attrs,
      cards: cards.map(({ card, state }) => `${cardText(card)} ${state}`),
      levels: [...policy.evaluate(person, standing).wanted.keys()],
    }).toEqual(JSON.parse(block('A whole example', 'json')))
  })
})
