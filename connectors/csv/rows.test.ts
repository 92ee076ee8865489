import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Dialect, RowSplitter } from './rows.ts'

const rfc: Dialect = { delimiter: ',', quote: '"', escape: 'doubled', newline: '\n' }

function split(
  text: string,
  options: { dialect?: Partial<Dialect>; cells?: number; max?: number; pieces?: number } = {},
) {
  const rows: { line: number; cells: (string | null)[] }[] = []
  const problems: { line: number; code: string; column?: number }[] = []
  const limits = {
    rowBytesMax: options.max ?? 65_536,
    cellsMax: 100,
    ...(options.cells ? { cells: options.cells } : {}),
  }
  const splitter = new RowSplitter({ ...rfc, ...options.dialect }, limits, {
    row: (line, cells, count) => rows.push({ line, cells: cells.slice(0, count) }),
    problem: (line, code, column) => problems.push({ line, code, ...(column === undefined ? {} : { column }) }),
  })
  const size = options.pieces ?? text.length
  for (let at = 0; at < text.length; at += size) splitter.feed(text.slice(at, at + size), false)
  splitter.feed('', true)
  return { rows, problems, looksCut: splitter.looksCut, nextLine: splitter.line }
}

describe('sound rows', () => {
  it.each([
    [
      'plain',
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'no line break at the end',
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'CRLF',
      'a,b\r\nc,"d"\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'empty cells',
      'a,,\n,"",b\n',
      [
        ['a', null, null],
        [null, null, 'b'],
      ],
    ],
    ['doubled quotes', '"say ""hi""",b\n', [['say "hi"', 'b']]],
    ['only a doubled quote', '"""",b\n', [['"', 'b']]],
    ['delimiter in quotes', '"Doe, Jo",b\n', [['Doe, Jo', 'b']]],
    ['blanks around cells and quotes', ' a\t, "b" \u00a0,\u00a0c \n', [['a', 'b', 'c']]],
    [
      'rows without any value are left out',
      'a,b\n\n,\n  \nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a long cell', `${'x'.repeat(40)},b\n`, [['x'.repeat(40), 'b']]],
  ])('%s, in pieces of every size', (_name, text, expected) => {
    for (let pieces = 1; pieces <= text.length; pieces++) {
      const { rows, problems, looksCut } = split(text, { pieces })
      expect(rows.map(({ cells }) => cells)).toEqual(expected)
      expect(problems).toEqual([])
      expect(looksCut).toBe(false)
    }
  })

  it('keeps line numbers right after line breaks in quotes', () => {
    const text = 'a,b\n"two\nlines",c\n\n"x\r\ny\r\nz",d\ne,f\n'
    for (const pieces of [1, 2, 3, 7, text.length]) {
      const { rows, nextLine } = split(text, { pieces })
      expect(rows.map(({ line }) => line)).toEqual([1, 2, 5, 8])
      expect(rows[1]?.cells[0]).toBe('two\nlines')
      expect(rows[2]?.cells[0]).toBe('x\r\ny\r\nz')
      expect(nextLine).toBe(9)
    }
  })

  it('reads a backslash before a quote or a backslash, and leaves any other alone', () => {
    const { rows } = split('"say \\"hi\\"","C:\\temp","end\\\\",\\x\n', { dialect: { escape: 'backslash' } })
    expect(rows[0]?.cells).toEqual(['say "hi"', 'C:\\temp', 'end\\', '\\x'])
  })

  it('takes quotes as they stand when there is no quote character', () => {
    const { rows } = split('5" pipe|"b\n', { dialect: { quote: null, delimiter: '|' } })
    expect(rows[0]?.cells).toEqual(['5" pipe', '"b'])
  })
})

describe('bad rows', () => {
  it.each([
    ['text behind a closing quote', 'a,b\n"c"x,d\ne,f\n', [{ line: 2, code: 'csv.broken-quote', column: 0 }], [1, 3]],
    ['a quote inside a plain cell', 'a,b\nc,d"e\nf,g\n', [{ line: 2, code: 'csv.broken-quote', column: 1 }], [1, 3]],
    [
      'a quote that never closes',
      'a,b\nc,"d\ne,f\ng,h\n',
      [{ line: 2, code: 'csv.unclosed-quote', column: 1 }],
      [1, 3, 4],
    ],
    [
      'a quote that meets the next one',
      'a,b\nc,"d\ne,f\ng,"h"\ni,j\n',
      [{ line: 2, code: 'csv.broken-quote', column: 1 }],
      [1, 3, 4, 5],
    ],
    [
      'too few and too many cells',
      'a,b\nc\nd,e,f\ng,h\n',
      [
        { line: 2, code: 'csv.column-count' },
        { line: 3, code: 'csv.column-count' },
      ],
      [1, 4],
    ],
    ['a NUL', 'a,b\nc,\0d\ne,f\n', [{ line: 2, code: 'csv.nul-character' }], [1, 3]],
    ['a row that is too long', `a,b\n${'x'.repeat(60)},d\ne,f\n`, [{ line: 2, code: 'csv.row-too-long' }], [1, 3]],
    [
      'a quoted row that is too long',
      `a,b\n"${'x\n'.repeat(30)}1,2\n",d\ne,f\n`,
      [{ line: 2, code: 'csv.row-too-long' }],
      [1, 34],
    ],
  ])('%s: reported, and the rest goes on, in pieces of every size', (_name, text, problems, lines) => {
    for (let pieces = 1; pieces <= text.length; pieces++) {
      const found = split(text, { pieces, cells: 2, max: 50 })
      expect(found.problems).toEqual(problems)
      expect(found.rows.map(({ line }) => line)).toEqual(lines)
      expect(found.looksCut).toBe(false)
    }
  })

  it('measures rows in bytes', () => {
    expect(split(`${'é'.repeat(30)},b\n`, { max: 50 }).problems).toEqual([{ line: 1, code: 'csv.row-too-long' }])
    expect(split(`${'e'.repeat(30)},b\n`, { max: 50 }).problems).toEqual([])
  })

  it.each([
    ['in a quoted cell', 'a,b\nc,"d', true],
    ['in a quoted cell of several lines', 'a,b\nc,"d\ne,f', true],
    ['before the last cell', 'a,b\nc', true],
    ['in a quoted cell longer than a row may be', `a,b\n"${'x\n'.repeat(60)}`, true],
    ['behind a whole row', 'a,b\nc,d', false],
    ['behind a bad row with its line break', 'a,b\nc\n', false],
  ])('tells that a text was cut %s', (_name, text, expected) => {
    for (const pieces of [1, 5, text.length]) {
      expect(split(text, { pieces, cells: 2, max: 50 }).looksCut).toBe(expected)
    }
  })
})

describe('random tables', () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.stringMatching(/^[ab"',;\t|\\\r\n ]{0,8}$/),
  )
  const dialect = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom('"', "'"),
    escape: fc.constantFrom('doubled' as const, 'backslash' as const),
    newline: fc.constantFrom('\n' as const, '\r' as const),
  })
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }))

  it('come back as they were, trimmed, whatever the dialect and the pieces', () => {
    fc.assert(
      fc.property(table, dialect, fc.boolean(), fc.integer({ min: 1, max: 40 }), (cells, chosen, always, pieces) => {
        const clean = cells.map((row) => row.map((value) => value.replaceAll('\0', '')))
        const text = clean
          .map((row) => row.map((value) => write(value, chosen, always)).join(chosen.delimiter))
          .join(chosen.newline)
        const { rows, problems } = split(text, { dialect: chosen, pieces })
        const expected = clean.map((row) => row.map(trimmed)).filter((row) => row.some((value) => value !== null))
        expect(problems).toEqual([])
        expect(rows.map((row) => row.cells)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('are read as csv-parse reads them', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(',', ';', '\t', '|'), fc.boolean(), (cells, delimiter, always) => {
        const chosen = { ...rfc, delimiter }
        const clean = cells.map((row) => row.map((value) => value.replaceAll('\0', '').replaceAll('\r', '')))
        const text = clean.map((row) => row.map((value) => write(value, chosen, always)).join(delimiter)).join('\n')
        const theirs: string[][] = parse(text, { delimiter, record_delimiter: '\n', relax_column_count: true })
        const expected = theirs.map((row) => row.map(trimmed)).filter((row) => row.some((value) => value !== null))
        expect(split(text, { dialect: chosen }).rows.map((row) => row.cells)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('of nonsense never stop it, and every line is accounted for', () => {
    const nonsense = fc.stringMatching(/^[ab",\n\\]{0,60}$/)
    fc.assert(
      fc.property(nonsense, fc.integer({ min: 1, max: 30 }), (text, pieces) => {
        const whole = split(text, { cells: 2, max: 20 })
        expect(whole.nextLine).toBeGreaterThanOrEqual(text.split('\n').length)
        const lines = [...whole.rows, ...whole.problems].map(({ line }) => line)
        expect(new Set(lines).size).toBe(lines.length)
        const inPieces = split(text, { cells: 2, max: 60, pieces })
        expect(inPieces).toEqual(split(text, { cells: 2, max: 60 }))
      }),
      { numRuns: 500 },
    )
  })
})

function write(value: string, dialect: Dialect, always: boolean): string {
  const quote = dialect.quote ?? ''
  const needed = [dialect.delimiter, quote, '\n', '\r'].some((char) => value.includes(char))
  if (!needed && !always) return value
  const inside =
    dialect.escape === 'doubled'
      ? value.replaceAll(quote, quote + quote)
      : value.replace(/[\\"']/g, (char) => (char === '\\' || char === quote ? `\\${char}` : char))
  return quote + inside + quote
}

function trimmed(value: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters at the edges are what is trimmed
  const text = value.replace(/^[\x01-\x20\u00a0\u202f\ufeff]+|[\x01-\x20\u00a0\u202f\ufeff]+$/g, '')
  return text === '' ? null : text
}
