import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { openDetails, sealDetails } from './details.ts'
import { formatHead, hashEntry, isMac, link, parseHead } from './entry.ts'
import { formatLine, parseLine } from './export-lines.ts'
import { contentOf } from './record.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))
const row = '6f1c2d7e-0000-4000-8000-000000000001'
const content = {
  at: '2026-03-01T12:00:00.123456Z',
  actor: 'source:hr',
  action: 'person.left',
  object: 'b3a9',
  details: Buffer.from('000102ff', 'hex'),
  detailsRow: row,
}

test('the hash is what the documented format says, so that a trail of today verifies for ever', () => {
  const part = (tag: number, bytes: Buffer) => {
    const head = Buffer.alloc(5)
    head[0] = tag
    head.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  }
  const text = (value: string) => part(5, Buffer.from(value))
  const { at, actor, action, object, details } = content
  const body = [text(at), text(actor), text(action), text(object), part(7, details), text(row)]
  const first = createHash('sha256')
    .update(Buffer.concat([Buffer.alloc(32), text('audit'), text('1'), ...body]))
    .digest()
  expect(hashEntry(null, 1, content)).toEqual(first)
  const second = createHash('sha256').update(Buffer.concat([first, text('audit'), text('2'), ...body]))
  expect(hashEntry({ seq: 1, hash: first }, 2, content)).toEqual(second.digest())
})

test('entries are numbered from 1, and only the same keyring takes their macs', () => {
  const first = link(vault, null, content)
  const second = link(vault, first, content)
  expect([first.seq, second.seq]).toEqual([1, 2])
  expect(isMac(vault, second)).toBe(true)
  expect(isMac(vault, { ...second, hash: first.hash })).toBe(false)
  expect(isMac(vault, { ...second, mac: second.mac.subarray(1) })).toBe(false)
  expect(isMac(openVault(createKeyring({ stamp: 'demo' })), second)).toBe(false)
})

test('a head can be written down and read back', () => {
  const head = { seq: 17, hash: hashEntry(null, 1, content) }
  expect(parseHead(formatHead(head))).toEqual(head)
})

test.each([
  '',
  '17',
  `0:${'ab'.repeat(32)}`,
  `17:${'AB'.repeat(32)}`,
  `17:${'ab'.repeat(31)}`,
  `017:${'ab'.repeat(32)}`,
])('%j is no head', (text) => {
  expect(() => parseHead(text)).toThrow(RangeError)
})

describe('details', () => {
  test('come back as they went in, for their own entry only', () => {
    const entry = contentOf(vault, new Date(0), {
      actor: 'engine',
      action: 'person.locked',
      object: '',
      details: { reason: 'a \ud800 reason', when: null, skipped: undefined },
    })
    expect(openDetails(vault, entry)).toEqual({ reason: 'a \ud800 reason', when: null })
    expect(entry.details.includes('reason')).toBe(false)
    expect(openDetails(vault, { ...entry, detailsRow: row })).toBeNull()
  })

  test('may hold 64 KiB of JSON and not a byte more', () => {
    const fill = 64 * 1024 - JSON.stringify({ text: '' }).length
    const text = 'x'.repeat(fill)
    const details = sealDetails(vault, row, { text })
    expect(openDetails(vault, { details, detailsRow: row })).toEqual({ text })
    expect(() => sealDetails(vault, row, { text: `${text}x` })).toThrow(RangeError)
  })
})

test.each([
  ['actor', { actor: 'source:Ada Example' }],
  ['actor', { actor: 'source:ada@example.test' }],
  ['object', { object: 'Ada Example' }],
  ['object', { object: 'x'.repeat(201) }],
] as const)('an %s that could be a name is refused without being repeated', (name, wrong) => {
  const record = { actor: 'engine', action: 'person.locked', object: '', details: {}, ...wrong } as const
  const message = `the ${name} of an audit entry is no plain id`
  expect(() => contentOf(vault, new Date(), record)).toThrow(new RangeError(message))
})

describe('a line of an export', () => {
  const line = formatLine(link(vault, null, content))

  test('is read back as it was written, with or without opened details', () => {
    const entry = link(vault, null, content)
    expect(parseLine(line)).toEqual(entry)
    for (const opened of [null, {}, { reason: 'back\u202ewards', ['__proto__']: 1 }])
      expect(parseLine(formatLine(entry, opened))).toEqual(entry)
  })

  test('moves nothing on the screen of whoever prints it', () => {
    const entry = link(vault, null, { ...content, actor: '\u009b2J\u001b[2J\u202e' })
    expect(formatLine(entry, { reason: '\u009b2J' })).toMatch(/^[ -~]+$/)
  })

  test.each([
    ['a key given twice', line.replace('{', '{"actor":"engine",')],
    ['a key too many', line.replace('}', ',"more":1}')],
    ['another order', line.replace('"seq":1,', '').replace('}', ',"seq":1}')],
    ['white space', line.replace(':', ': ')],
    ['an escape that need not be', line.replace('hr', '\\u0068r')],
    ['hex in capitals', line.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())],
    ['base64 with loose bits', line.replace('AAEC/w==', 'AAEC/x==')],
    ['a number as text', line.replace('"seq":1', '"seq":"1"')],
    ['half a line', line.slice(0, -10)],
    ['a line feed', `${line}\n`],
    ['details opened as a text', line.replace('}', ',"opened":"x"}')],
    ['no object', 'null'],
  ])('with %s is none', (_, text) => {
    expect(text).not.toBe(line)
    expect(parseLine(text)).toBeNull()
  })
})
