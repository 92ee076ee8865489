import { describe, expect, it } from 'vitest'
import { cardText, csn, h10301, readCard } from '../model/card.ts'
import { ExpressionError } from './cel.ts'
import { compileMapping, type MappingConfig } from './mapping.ts'
import { recordProblemCodes } from './problem.ts'

const base: MappingConfig = { key: 'row.id', fields: {} }

function map(config: Partial<MappingConfig>, cells: Record<string, string | null>) {
  return compileMapping({ ...base, ...config }).apply({ id: 'k1', ...cells })
}

function recordOf(config: Partial<MappingConfig>, cells: Record<string, string | null>) {
  const result = map(config, cells)
  if ('problem' in result) throw new Error(`refused: ${result.problem.field} ${result.problem.code}`)
  return result.record
}

function problemOf(config: Partial<MappingConfig>, cells: Record<string, string | null>) {
  const result = map(config, cells)
  if ('record' in result) throw new Error('taken')
  return result.problem
}

function compileError(config: Partial<MappingConfig>): ExpressionError {
  try {
    compileMapping({ ...base, ...config })
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error('compiled')
}

describe('a field', () => {
  it('is value, null, absent or hidden', () => {
    const fields = {
      email: 'row.mail',
      title: 'row.title',
      company: 'row.company',
      site: 'row.site == "?" ? hidden() : row.site',
    }
    expect(recordOf({ fields }, { mail: 'ada@example.test', title: null, site: '?' })).toEqual({
      key: 'k1',
      fields: { email: 'ada@example.test', title: null },
      hidden: ['site'],
      attrs: {},
    })
  })

  it('is absent when any column that its expression needs is missing', () => {
    expect(recordOf({ fields: { givenName: 'row.a + " " + row.b' } }, { a: 'Ada' }).fields).toEqual({})
    expect(recordOf({ fields: { givenName: 'row["first name"]' } }, {}).fields).toEqual({})
    expect(recordOf({ fields: { givenName: 'trim(row.a)' } }, {}).fields).toEqual({})
    expect(recordOf({ fields: { givenName: 'row.toString' } }, {}).fields).toEqual({})
  })

  it('needs the columns that it names, each once, but for those that it asks for', () => {
    const needsOf = (config: Partial<MappingConfig>) => compileMapping({ ...base, ...config }).needs
    expect(
      needsOf({
        person: 'row.person',
        fields: { givenName: 'row["first name"] + row.b', title: 'has(row.c) ? trim(row.c) : hidden()', site: 'row.b' },
        attrs: { levels: 'list(row.levels)', id: 'row.id' },
        cards: [
          { format: 'H10301', facility: 'row.facility', number: 'row.number', state: 'row.state' },
          { format: 'CSN', uid: 'row.chip' },
          { format: 'list', cards: 'row.cards' },
        ],
      }).map(({ column, field }) => `${field}: ${column}`),
    ).toEqual([
      ...['key: id', 'person: person', 'fields.givenName: first name', 'fields.givenName: b', 'attrs.levels: levels'],
      ...['cards[0]: facility', 'cards[0]: number', 'cards[0]: state', 'cards[1]: chip', 'cards[2]: cards'],
    ])
    expect(needsOf({ key: 'row[row.name_of_key]' })).toEqual([{ column: 'name_of_key', field: 'key' }])
    const optional = { title: 'has(row.c) ? trim(row.c) : hidden()' }
    expect(recordOf({ fields: optional }, { c: ' Dr ' }).fields).toEqual({ title: 'Dr' })
    expect(recordOf({ fields: optional }, {}).hidden).toEqual(['title'])
  })

  it('is null when its cell is blank', () => {
    const fields = { email: 'row.a', end: 'row.a', kind: 'row.a', left: 'row.a' } as const
    expect(recordOf({ fields }, { a: ' \u00a0' }).fields).toEqual({ email: null, end: null, kind: null, left: null })
  })

  it('compares null without failing', () => {
    const fields = { left: 'row.a < "b" || row.a.startsWith("x") || size(row.a) > 0' }
    expect(recordOf({ fields }, { a: null }).fields).toEqual({ left: false })
  })

  it.each([
    ['kind', '"boss"', {}, 'mapping.kind'],
    ['left', 'row.a', { a: 'yes' }, 'mapping.type'],
    ['start', 'row.a', { a: '2023-02-29' }, 'mapping.date'],
    ['start', 'date(row.a, "dd/MM/yyyy")', { a: '12/31/2024' }, 'mapping.date'],
    ['zone', 'row.a', { a: 'Mars/Olympus' }, 'mapping.zone'],
    ['photo', 'row.a', { a: '10017.jpg' }, 'mapping.photo'],
    ['email', 'row.a', { a: 'x'.repeat(513) }, 'mapping.length'],
    ['employeeNumber', 'row.a', { a: '1,23E+11' }, 'mapping.spreadsheet-number'],
    ['kind', '{"E": "employee"}[row.a]', { a: 'C' }, 'mapping.expression'],
    ['left', 'number(row.a) > 1.0', { a: '007' }, 'mapping.number'],
  ] as const)('%s = %s on a bad row is a problem', (field, source, cells, code) => {
    const problem = problemOf({ fields: { [field]: source } }, cells)
    expect(problem).toMatchObject({ field: `fields.${field}`, code })
    expect(recordProblemCodes).toContain(problem.code)
  })

  it('tells where its expression failed, and not on what', () => {
    const problem = problemOf({ fields: { start: 'row.a == null ? null :\n  date(row.a, "excel")' } }, { a: 'marker' })
    expect(problem).toEqual({ field: 'fields.start', code: 'mapping.date', at: { line: 2, column: 3 } })
  })
})

it('an error of the runtime, which quotes the cell, becomes a problem that does not', () => {
  const fields = { left: 'bytes(row.a).json().x == 1' }
  expect(problemOf({ fields }, { a: 'Ada' })).toEqual({
    field: 'fields.left',
    code: 'mapping.expression',
    at: { line: 1, column: 1 },
  })
})

describe('a key', () => {
  it.each([{ id: '' }, { id: null }, { id: '1.23E+11' }, { id: 'x'.repeat(257) }])('%o can not be read', (cells) => {
    expect(problemOf({}, cells)).toEqual({ field: 'key', code: 'mapping.key' })
  })

  it('can not be read when its column is missing or its expression fails', () => {
    expect(problemOf({ key: 'row.missing' }, {})).toEqual({ field: 'key', code: 'mapping.key' })
    expect(problemOf({ key: 'hidden()' }, {})).toEqual({ field: 'key', code: 'mapping.key' })
    expect(problemOf({ key: 'trim(row.id + 1)' }, {})).toMatchObject({ field: 'key', code: 'mapping.key' })
  })

  it('of the same human may be missing, blank or hidden', () => {
    expect(recordOf({ person: 'row.p' }, { p: 'p1' }).personKey).toBe('p1')
    for (const cells of [{}, { p: null }, { p: ' ' }]) {
      expect(recordOf({ person: 'row.p' }, cells)).not.toHaveProperty('personKey')
    }
    expect(problemOf({ person: 'row.p' }, { p: '1E+10' })).toEqual({
      field: 'person',
      code: 'mapping.spreadsheet-number',
    })
  })
})

describe('attributes', () => {
  it('are text, truth or number, and can be hidden or absent', () => {
    const attrs = {
      shift: 'row.s',
      night: 'row.s == "N"',
      level: 'number(row.l)',
      count: '3',
      h: 'hidden()',
      gone: 'row.z',
    }
    const record = recordOf({ attrs }, { s: 'N', l: '7' })
    expect(record.attrs).toEqual({ shift: 'N', night: true, level: 7, count: 3 })
    expect(record.hidden).toEqual(['attrs.h'])
  })

  it('are lists of texts, and of nothing else', () => {
    const levels = (expression: string, cells: Record<string, string | null>) =>
      recordOf({ attrs: { levels: expression } }, cells).attrs.levels
    expect(levels('list(row.l)', { l: 'Main entrance\n Lab \n\n' })).toEqual(['Main entrance', 'Lab'])
    expect(levels('list(row.l, ",")', { l: 'a, b' })).toEqual(['a', 'b'])
    expect(levels('list(row.l)', { l: null })).toEqual([])
    expect(levels('list(row.l)', {})).toBeUndefined()
    expect(levels('[row.a, row.b]', { a: 'x', b: ' ' })).toEqual(['x'])
    const refused = { field: 'attrs.a', code: 'mapping.type' }
    expect(problemOf({ attrs: { a: '[[row.s]]' } }, { s: 'x' })).toEqual(refused)
    expect(problemOf({ attrs: { a: '[1]' } }, {})).toEqual(refused)
    expect(problemOf({ attrs: { a: 'list(row.s, "")' } }, { s: 'x' })).toMatchObject(refused)
    expect(problemOf({ attrs: { a: 'list(true)' } }, {})).toMatchObject(refused)
    const many = Array.from({ length: 513 }, (_, n) => n).join('\n')
    expect(problemOf({ attrs: { a: 'list(row.s)' } }, { s: many })).toEqual({
      field: 'attrs.a',
      code: 'mapping.length',
    })
  })
})

describe('cards of one cell', () => {
  const cards = [{ format: 'list', cards: 'row.cards' }] as const
  const claims = (text: string | null) =>
    recordOf({ cards }, { cards: text }).cards?.map(({ card, state }) => `${cardText(card)} ${state}`)

  it('are one on each line, each with its state', () => {
    expect(claims('H10301:17:4711\nCSN:04A1B2C3 suspended\n\n')).toEqual([
      'H10301:17:4711 active',
      'CSN:04A1B2C3 suspended',
    ])
    expect(claims(null)).toEqual([])
    expect(claims(' ')).toEqual([])
    expect(recordOf({ cards }, {}).cards).toBeUndefined()
  })

  it.each([
    ['no card', 'H10301:17:70000', 'mapping.card'],
    ['no state', 'H10301:17:4711 broken', 'mapping.card-state'],
    ['more than a state', 'H10301:17:4711 lost twice', 'mapping.card'],
    [
      'more cards than anybody has',
      Array.from({ length: 65 }, (_, n) => `H10301:17:${n}`).join('\n'),
      'mapping.length',
    ],
  ])('%s is refused', (_what, text, code) => {
    expect(problemOf({ cards }, { cards: text })).toMatchObject({ code })
  })

  it('of a number is refused', () => {
    expect(problemOf({ cards: [{ format: 'list', cards: '17' }] }, {})).toMatchObject({ code: 'mapping.card' })
  })
})

describe('cards', () => {
  const cards = [
    { format: 'H10301', facility: '12', number: 'row.badge', state: '{"A":"active","L":"lost"}[row.state]' },
    { format: 'CSN', uid: 'row.uid' },
  ] as const

  it('are read with their state, printed zeros and all', () => {
    expect(recordOf({ cards }, { badge: ' 00345', state: 'L', uid: '04a1b2c3' }).cards).toEqual([
      { card: h10301(12, 345), state: 'lost' },
      { card: csn('04A1B2C3'), state: 'active' },
    ])
  })

  it('are none when the cells are empty, whatever the constant facility', () => {
    expect(recordOf({ cards }, { badge: null, state: null, uid: '' }).cards).toEqual([])
  })

  it('are not spoken of when a column is missing or hidden, so that nothing is taken away', () => {
    expect(recordOf({ cards }, { badge: '1', state: 'A' })).not.toHaveProperty('cards')
    expect(recordOf({ cards: [{ format: 'CSN', uid: 'hidden()' }] }, {})).not.toHaveProperty('cards')
    expect(recordOf({}, {})).not.toHaveProperty('cards')
  })

  it.each([
    [{ f: '12', n: null }, 'mapping.card-half'],
    [{ f: null, n: '5' }, 'mapping.card-half'],
    [{ f: '12' }, 'mapping.card-half'],
    [{ f: '256', n: '5' }, 'mapping.card'],
    [{ f: '1', n: '65536' }, 'mapping.card'],
    [{ f: '1', n: '1.5' }, 'mapping.card'],
    [{ f: '1', n: '-1' }, 'mapping.card'],
  ])('%o is a problem of its card', (cells, code) => {
    const half = [{ format: 'H10301', facility: 'row.f', number: 'row.n' }] as const
    expect(problemOf({ cards: half }, cells as Record<string, string | null>)).toEqual({ field: 'cards[0]', code })
  })

  it.each([
    [{ format: 'CSN', uid: 'row.c' }, '08A1B2C3'],
    [{ format: 'CSN', uid: 'row.c', byte_order: 'reversed' }, 'C3B2A108'],
    [{ format: 'CSN', uid: 'row.c', decimal_bytes: 4 }, '144814787'],
    [{ format: 'list', cards: 'row.c' }, 'CSN:08A1B2C3 suspended'],
  ] as const)('that a chip draws anew at each tap are refused: %o', (mapping, c) => {
    expect(problemOf({ cards: [mapping] }, { c })).toEqual({ field: 'cards[0]', code: 'mapping.card-random' })
    expect(recordOf({ cards: [{ format: 'CSN', uid: 'row.c' }] }, { c: '08A1B2C3D4E580' }).cards).toHaveLength(1)
  })

  it.each([
    [{ format: 'H10304', facility: '12345', number: 'row.c' }, '0345678', 'H10304:12345:345678'],
    [{ format: 'C1000-48', facility: 'row.c', number: 'row.c' }, '42069', 'C1000-48:42069:42069'],
    [{ format: 'H10302', number: 'row.c' }, '12345678901', 'H10302:12345678901'],
    [{ format: 'PIV75', bits: 'row.c' }, '002000045a47a6b8b5f', 'PIV75:32:1:92446:20301231'],
    [{ format: 'CSN', uid: 'row.c', byte_order: 'reversed' }, '80E5D4C3B2A104', 'CSN:04A1B2C3D4E580'],
    [{ format: 'CSN', uid: 'row.c', decimal_bytes: 4 }, '0077705923', 'CSN:04A1B2C3'],
    [{ format: 'CSN', uid: 'row.c', decimal_bytes: 4, byte_order: 'reversed' }, '1904649758', 'CSN:1EA68671'],
    [{ format: 'CSN', uid: 'number(row.c)', decimal_bytes: 4 }, '514229873', 'CSN:1EA68671'],
  ] as const)('of the format that %o names are read as such', (mapping, cell, text) => {
    expect(recordOf({ cards: [mapping] }, { c: cell }).cards).toEqual([{ card: readCard(text), state: 'active' }])
    expect(recordOf({ cards: [mapping] }, { c: ' ' }).cards).toEqual([])
    expect(recordOf({ cards: [mapping] }, {})).not.toHaveProperty('cards')
  })

  // As docs/cards.md says.
  it('are taken apart by an expression, and are none where the cell is empty', () => {
    const printed = [
      {
        format: 'H10301',
        facility: 'row.c == null ? "" : row.c.substring(0, 3)',
        number: 'row.c == null ? "" : row.c.substring(3)',
      },
    ] as const
    expect(recordOf({ cards: printed }, { c: '10058400' }).cards).toEqual([
      { card: h10301(100, 58_400), state: 'active' },
    ])
    expect(recordOf({ cards: printed }, { c: null }).cards).toEqual([])
  })

  it.each([
    [{ format: 'H10304', facility: '65536', number: 'row.c' }, '1'],
    [{ format: 'H10302', number: 'row.c' }, '34359738368'],
    [{ format: 'H10302', number: 'row.c' }, '1.2E+10'],
    // 9007199254740993 as a number has lost its last digit already.
    [{ format: 'H10302', number: 'double(row.c)' }, '9007199254740993'],
    [{ format: 'PIV75', bits: 'row.c' }, '002000045A47A6B8B5E'],
    [{ format: 'PIV75', bits: 'row.c' }, '12 34'],
    [{ format: 'FASC-N', bits: 'row.c' }, 'F'.repeat(64)],
    [{ format: 'CSN', uid: 'row.c', decimal_bytes: 4 }, '4294967296'],
    [{ format: 'CSN', uid: 'row.c', decimal_bytes: 4 }, '04A1B2C3'],
    [{ format: 'CSN', uid: 'number(row.c)' }, '77705923'],
  ] as const)('%o of %s is a problem of its card', (mapping, cell) => {
    expect(problemOf({ cards: [mapping] }, { c: cell })).toMatchObject({ code: 'mapping.card' })
  })

  it('have a known state or are a problem', () => {
    const stated = [{ format: 'CSN', uid: 'row.uid', state: 'row.state' }] as const
    for (const state of ['stolen', null]) {
      expect(problemOf({ cards: stated }, { uid: '04a1b2c3', state })).toEqual({
        field: 'cards[0]',
        code: 'mapping.card-state',
      })
    }
  })
})

describe('a mapping that can not work', () => {
  it.each([
    [{ fields: { end: 'row.a ==' } }, 'fields.end', 'cel.unexpected-token', { line: 1, column: 9 }],
    [{ fields: { end: 'rwo.a' } }, 'fields.end', 'cel.unknown-variable', { line: 1, column: 1 }],
    [{ fields: { end: 'trim(\n  foo(row.a))' } }, 'fields.end', 'cel.no-matching-overload', { line: 2, column: 3 }],
    [{ fields: { end: 'date(row.a, "d.M.yy")' } }, 'fields.end', 'mapping.date-format', { line: 1, column: 13 }],
    [{ fields: { left: '"yes"' } }, 'fields.left', 'mapping.type', { line: 1, column: 1 }],
    [{ fields: { shoe: 'row.a' } as object }, 'fields.shoe', 'mapping.unknown-field', { line: 1, column: 1 }],
    [
      { attrs: JSON.parse('{"__proto__":"row.a"}') },
      'attrs.__proto__',
      'mapping.unknown-field',
      { line: 1, column: 1 },
    ],
    [{ cards: [{ format: 'CSN', uid: '(' }] as const }, 'cards[0].uid', 'cel.unexpected-token', { line: 1, column: 2 }],
  ] as const)('%o is refused with field and place', (config, field, code, at) => {
    const error = compileError(config as Partial<MappingConfig>)
    expect({ field: error.field, code: error.code, at: error.at }).toEqual({ field, code, at })
  })

  it('does not repeat what stands in the expression', () => {
    expect(compileError({ fields: { end: 'row.a == "Ada Example" &&' } }).message).not.toMatch(/Ada/)
  })
})

it('a mapping lists the fields that it fills', () => {
  const mapping = compileMapping({
    key: 'row.id',
    fields: { start: 'date(row.from, "yyyy-MM-dd")', left: 'row["old state"] == "T"' },
    cards: [{ format: 'CSN', uid: 'row.uid', state: 'row.state' }],
  })
  expect(mapping.fields).toEqual(['start', 'left'])
})
