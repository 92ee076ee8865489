/** Files read back as the rows that were written, in every encoding, and their control total can be checked. */
import { createHash } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { type CsvOptions, streamCsv, toCsv } from './csv.ts'
import { type Encoding, encodings } from './encoding.ts'
import { columns, type WorkerRow } from './worker-row.ts'
import { makeWorkforce, workerRows } from './workforce.ts'

const today = '2026-03-10'
const { rows } = makeWorkforce({
  size: 300,
  seed: 3,
  today,
  traps: { delimiterInCell: 6, rightToLeft: 4, combining: 4, longName: 3, quoteName: 4, trailingBlank: 3 },
})

const decode = (bytes: Buffer, encoding: Encoding): string =>
  new TextDecoder(encoding === 'utf-8-bom' ? 'utf-8' : encoding, { fatal: true, ignoreBOM: false }).decode(bytes)

function read(bytes: Buffer, options: Partial<CsvOptions>): string[][] {
  const { encoding = 'utf-8', delimiter = ',', escape: sign = '"' } = options
  return parse(decode(bytes, encoding), { delimiter, escape: sign, record_delimiter: ['\r\n', '\n'] })
}
const asCells = (row: WorkerRow): string[] => columns.map((column) => String(row[column] ?? ''))

/** Signs that TextDecoder, an independent table, can read from some single byte of Windows-1252. */
const inWindows1252 = new Set(decode(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), 'windows-1252'))
const asWindows1252 = (cell: string): string => [...cell].map((sign) => (inWindows1252.has(sign) ? sign : '?')).join('')

describe.each(encodings)('%s', (encoding) => {
  const variants: Partial<CsvOptions>[] = [
    {},
    { delimiter: ';', newline: '\n' },
    { delimiter: '\t', quote: 'all' },
    { delimiter: '|', escape: '\\', newline: '\n' },
  ]
  test.each(variants)('reads back cell by cell with %o', (variant) => {
    const options = { ...variant, encoding }
    const cells = rows.map(asCells)
    const want = encoding === 'windows-1252' ? cells.map((row) => row.map(asWindows1252)) : cells
    expect(read(toCsv(rows, options), options)).toEqual([columns, ...want])
  })

  test('the trailer carries the number of rows and the hash of all bytes before it', () => {
    const file = toCsv(rows, { encoding, delimiter: ';', trailer: true, quote: 'all' })
    const body = toCsv(rows, { encoding, delimiter: ';', quote: 'all' })
    expect(file.subarray(0, body.length).equals(body)).toBe(true)
    const sha256 = createHash('sha256').update(body).digest('hex')
    expect(decode(file.subarray(body.length), encoding)).toBe(`T;${rows.length};${sha256}\r\n`)
  })

  test('the file starts with a byte order mark where the encoding has one', () => {
    const marks = { 'utf-8': '', 'utf-8-bom': 'efbbbf', 'utf-16le': 'fffe', 'windows-1252': '' }
    const first = encoding === 'utf-16le' ? '7700' : '77'
    expect(
      toCsv([], { encoding })
        .toString('hex')
        .startsWith(marks[encoding] + first),
    ).toBe(true)
  })
})

test('Windows-1252 writes the upper half of its table as itself', () => {
  const [row] = rows as [WorkerRow]
  expect(toCsv([{ ...row, title: 'Šž€Œ–Ÿé' }], { encoding: 'windows-1252' }).toString('hex')).toContain(
    '8a9e808c969fe9',
  )
})

test('null and empty look alike by default and differ with a null text, which no cell can fake', () => {
  const [row] = rows as [WorkerRow]
  const odd = [{ ...row, preferredName: null, email: '', title: 'NULL' }]
  const line = (options: Partial<CsvOptions>) => toCsv(odd, options).toString().split('\r\n')[1] ?? ''
  expect(line({})).toContain(`${row.familyName},,,`)
  expect(line({ nullText: 'NULL' })).toContain(`${row.familyName},NULL,,`)
  expect(line({ nullText: 'NULL' })).toContain(',"NULL",')
})

test('a stream is the same file in pieces', () => {
  const size = 3000
  const pieces = [...streamCsv(size, 3, { today, trailer: true, encoding: 'utf-16le' })]
  expect(pieces.length).toBeGreaterThan(5)
  const whole = toCsv(makeWorkforce({ size, seed: 3, today }).rows, { trailer: true, encoding: 'utf-16le' })
  expect(Buffer.concat(pieces).equals(whole)).toBe(true)
  expect([...streamCsv(0, 3)]).toHaveLength(1)
})

test('a stream starts at once, however many people it is for', () => {
  const stream = streamCsv(16_000_000, 3)
  expect(stream.next().value?.length).toBeGreaterThan(60_000)
  stream.return()
})

test('100,000 rows are generated faster than 100,000 a second of processor time', () => {
  const size = 100_000
  for (const _ of workerRows({ size: 5000, seed: 1, today }));
  const before = process.cpuUsage()
  let count = 0
  for (const _ of workerRows({ size, seed: 2, today })) count++
  const used = process.cpuUsage(before)
  expect(count).toBeGreaterThan(size)
  expect((used.user + used.system) / 1e6).toBeLessThan(1)
})
