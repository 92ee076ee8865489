import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allPages, dropFolder, type SettingsInput } from './fixture.ts'

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest()

/** Delivers one file and reads all of it. */
async function readFile(content: string | Buffer, input: SettingsInput = {}) {
  const folder = await dropFolder(input)
  await folder.write('workers.csv', content)
  const delivery = await folder.readSettled()
  return { ...(await allPages(delivery)), delivery, folder }
}

async function refusal(content: string | Buffer, input: SettingsInput = {}) {
  const folder = await dropFolder(input)
  await folder.write('workers.csv', content)
  const error = await folder.readSettled().then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ConnectorError)) throw new Error('expected a refusal')
  return { error, folder }
}

describe('encodings and delimiters', () => {
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16()
  const encodings = [
    ['utf-8', (text: string) => Buffer.from(text), true],
    ['utf-8 with a mark', (text: string) => Buffer.from(`\ufeff${text}`), true],
    ['utf-16le with a mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'), true],
    ['utf-16le', (text: string) => Buffer.from(text, 'utf16le'), true],
    ['utf-16be with a mark', (text: string) => swapped(`\ufeff${text}`), true],
    ['utf-16be', swapped, true],
    ['windows-1252', (text: string) => Buffer.from(text.replaceAll('€', '\u0080'), 'latin1'), true],
    ['iso-8859-15', (text: string) => Buffer.from(text.replaceAll('€', '\u00a4'), 'latin1'), false],
  ] as const
  const delimiters = [',', ';', '\t', '|'] as const
  const table = encodings.flatMap(([name, encode, auto]) => delimiters.map((each) => ({ name, encode, auto, each })))

  it.each(table)('$name with $each between cells', async ({ encode, auto, each }) => {
    const lines = [
      ['worker_id', 'Größe', 'note'],
      ['001', 'Zoë Examplé', '€ 5'],
      ['002', `"a${each}b"`, ''],
    ]
    const text = lines.map((line) => line.join(each)).join('\r\n')
    const { delivery, records, problems, end } = await readFile(encode(text), auto ? {} : { encoding: 'iso-8859-15' })
    expect(delivery?.columns).toEqual(['worker_id', 'Größe', 'note'])
    expect(records).toEqual([
      { place: 'line 2', cells: { worker_id: '001', Größe: 'Zoë Examplé', note: '€ 5' } },
      { place: 'line 3', cells: { worker_id: '002', Größe: `a${each}b`, note: null } },
    ])
    expect(problems).toEqual([])
    expect(end).toEqual({ complete: true, records: 2, problems: 0 })
  })

  it('decides for the whole file: one byte near the end that is no UTF-8 makes it Windows-1252', async () => {
    const early = 'id,name\n1,\u00c3\u00a9\n'
    const filler = '2,x\n'.repeat(80_000)
    const { records } = await readFile(Buffer.from(`${early}${filler}3,\u00e9\n`, 'latin1'))
    expect(records[0]?.cells.name).toBe('Ã©')
    expect(records.at(-1)?.cells.name).toBe('é')
  })

  it('reads characters that lie across the pieces in which the file is read', async () => {
    // 256 KiB is a multiple of neither row length.
    for (const [row, encode] of [
      ['1,€éx\n', 'utf8'],
      ['1,é𝄞\n', 'utf16le'],
    ] as const) {
      const { records } = await readFile(Buffer.from(`\ufeffid,name\n${row.repeat(120_000)}`, encode))
      expect(records).toHaveLength(120_000)
      expect(new Set(records.map(({ cells }) => cells.name)).size).toBe(1)
    }
  })

  it.each([
    ['bytes that are no UTF-8', Buffer.from('id\n\xe9\n', 'latin1'), 'utf-8'],
    [
      'an odd number of bytes in UTF-16',
      Buffer.concat([Buffer.from('\ufeffid\n1\n', 'utf16le'), Buffer.from('x')]),
      'auto',
    ],
    ['half a surrogate pair', Buffer.from('\ufeffid\n\ud800\n', 'utf16le'), 'auto'],
    ['a mark of another encoding', Buffer.from('\ufeffid\n1\n'), 'windows-1252'],
  ] as const)('refuses %s', async (_name, bytes, encoding) => {
    expect((await refusal(bytes, { encoding })).error.code).toBe('csv.encoding')
  })

  it('follows a first line sep=, and counts it', async () => {
    const { delivery, records } = await readFile('sep=|\r\nid|a,b;c\r\n1|2,3;4\r\n')
    expect(delivery?.columns).toEqual(['id', 'a,b;c'])
    expect(records).toEqual([{ place: 'line 3', cells: { id: '1', 'a,b;c': '2,3;4' } }])
  })

  it('finds the delimiter by the rows, not by the header alone', async () => {
    const { records } = await readFile('Name, first;id\nAda;1\nBob;2\n')
    expect(records[1]?.cells).toEqual({ 'Name, first': 'Bob', id: '2' })
  })

  it('reads line ends of the old Macintosh', async () => {
    const { records } = await readFile('id,name\r1,Ada\r2,"B\rC"\r3,D\r')
    expect(records.map(({ place }) => place)).toEqual(['line 2', 'line 3', 'line 5'])
  })
})

describe('header', () => {
  const columns = { required: ['worker_id', 'End Date'], aliases: { worker_id: ['WorkerID', 'Personal-Nr'] } }

  it('knows columns by their other names, in any case, and passes on the rest as it is', async () => {
    const { delivery, records } = await readFile('PERSONAL-NR ;Site;end  date;\n1;BER;;\n', { columns })
    expect(delivery?.columns).toEqual(['worker_id', 'Site', 'End Date'])
    expect(records[0]?.cells).toEqual({ worker_id: '1', Site: 'BER', 'End Date': null })
  })

  it('refuses a file without a required column and names the column', async () => {
    const { error } = await refusal('WorkerID,Site\n1,BER\n', { columns })
    expect(error).toMatchObject({ kind: 'rejected', code: 'csv.missing-column' })
    expect(error.message).toMatch(/: End Date$/)
  })

  it('refuses doubled columns, also when an alias makes them so', async () => {
    expect((await refusal('id,name,id\n1,2,3\n')).error.message).toContain('columns 1 and 3')
    const both = await refusal('worker_id,End Date,WorkerID\n1,,2\n', { columns })
    expect(both.error.code).toBe('csv.doubled-column')
  })

  it.each([
    ['csv.empty', '', {}],
    ['csv.empty', '\ufeff', {}],
    ['csv.empty', '\r\n\r\n', {}],
    ['csv.header', `${'x'.repeat(70_000)},id\n1,2\n`, {}],
    ['csv.header', 'id,"na"me\n1,2\n', {}],
    ['csv.header', 'id,__proto__\n1,2\n', {}],
    ['csv.too-many-columns', 'a,b,c\n1,2,3\n', { limits: { max_columns: 2 } }],
    ['csv.file-too-large', 'a,b,c\n1,2,3\n', { limits: { max_file_bytes: 5 } }],
  ] as const)('refuses with %s', async (code, text, input) => {
    const { error } = await refusal(text, input)
    expect(error).toMatchObject({ kind: 'rejected', code })
  })

  it('delivers a header without rows as a complete delivery of nobody', async () => {
    expect((await readFile('id,name\n')).end).toEqual({ complete: true, records: 0, problems: 0 })
  })
})

describe('rows', () => {
  it('reports bad rows by line and column and goes on', async () => {
    const { records, problems, end } = await readFile('id,name\n1,Ada\n2\n3,"Bob"x\n"4\n4b",Cy\n5,D"d\n6,Eve\n', {
      columns: { required: ['name'] },
    })
    expect(records.map(({ place }) => place)).toEqual(['line 2', 'line 5', 'line 8'])
    expect(problems).toEqual([
      { place: 'line 3', code: 'csv.column-count' },
      { place: 'line 4', code: 'csv.broken-quote', column: 'name' },
      { place: 'line 7', code: 'csv.broken-quote', column: 'name' },
    ])
    expect(end).toEqual({ complete: true, records: 3, problems: 3 })
  })

  it('names no column that the settings do not: in a file without a header that would be somebody', async () => {
    const { problems } = await readFile('17,Samplewoman\n18,"Sampleman"x\n')
    expect(problems).toEqual([{ place: 'line 2', code: 'csv.broken-quote', column: 'column 2' }])
  })

  it('come in pages of a thousand, problems counted in, and can be read again', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => (index % 10 === 9 ? 'x' : `${index},n`)).join('\n')
    const first = await readFile(`id,name\n${rows}\n`)
    expect(first.pageSizes).toEqual([1000, 1000, 500])
    expect(first.records).toHaveLength(2250)
    expect((await allPages(first.delivery)).records).toEqual(first.records)
  })

  it('are not complete when the file ends within one', async () => {
    expect((await readFile('id,name\n1,Ada\n2')).end).toEqual({ complete: false, records: 1, problems: 1 })
    expect((await readFile('id,name\n1,Ada\n2,"Bo')).end.complete).toBe(false)
    expect((await readFile('id,name\n1,Ada\n2,Bo')).end.complete).toBe(true)
  })
})

describe('control total', () => {
  const body = 'id;name\r\n1;Ada\r\n2;"two\r\nlines"\r\n'

  it.each([
    ['the number of rows', `${body}T;2\r\n`],
    ['an empty hash', `${body}T;2;`],
    ['rows and hash', `${body}T;2;${sha256(body).toString('hex')}\r\n\r\n`],
    [
      'rows and hash, padded as a table program does',
      `${body}T;2;${sha256(body).toString('hex').toUpperCase()};;;\r\n`,
    ],
  ])('takes %s', async (_name, text) => {
    const { records, problems, end } = await readFile(text, { control_total: 'required_trailer' })
    expect(records).toHaveLength(2)
    expect(problems).toEqual([])
    expect(end.complete).toBe(true)
  })

  it('takes one in UTF-16, hashed over the bytes', async () => {
    const before = Buffer.from(`\ufeff${body}`, 'utf16le')
    const bytes = Buffer.concat([before, Buffer.from(`T;2;${sha256(before).toString('hex')}\r\n`, 'utf16le')])
    expect((await readFile(bytes, { control_total: 'trailer' })).end).toEqual({
      complete: true,
      records: 2,
      problems: 0,
    })
  })

  it('counts bad rows in, as the sender did', async () => {
    const { end } = await readFile('id;name\n1;Ada\n2\n3;C\nT;3\n', { control_total: 'trailer' })
    expect(end).toEqual({ complete: true, records: 2, problems: 1 })
  })

  it.each([
    ['too few rows', `${body}T;3\r\n`, 'trailer'],
    ['too many rows', `${body}T;1\r\n`, 'trailer'],
    ['another hash', `${body}T;2;${'0'.repeat(64)}\r\n`, 'trailer'],
    ['no number', `${body}T;two\r\n`, 'trailer'],
    ['no hash in the place of the hash', `${body}T;2;abc\r\n`, 'trailer'],
    ['none although it is required', body, 'required_trailer'],
  ] as const)('refuses %s, and does not offer the file again', async (_name, text, control_total) => {
    const { error, folder } = await refusal(text, { control_total })
    expect(error).toMatchObject({ kind: 'rejected', code: 'csv.control-total' })
    expect(await folder.readSettled()).toBeNull()
  })

  it('may be missing when it is not required, and is a bad row when it is not expected', async () => {
    expect((await readFile(body, { control_total: 'trailer' })).end.records).toBe(2)
    expect((await readFile(`${body}T;2;\r\n`)).problems).toEqual([{ place: 'line 5', code: 'csv.column-count' }])
  })
})

describe('secrecy', () => {
  const canary = 'Canary-Quillfeather'

  const cases: [string, string | Buffer, SettingsInput][] = [
    ['a broken quote', `id,name\n1,"${canary}"x\n2,${canary}"\n3,"${canary}`, {}],
    ['a wrong number of cells', `id,name\n${canary}\n${canary},${canary},${canary}\n`, {}],
    ['no header', `${canary},${canary}\n1,2\n`, {}],
    ['no header and a required column', `${canary},x\n1,2\n`, { columns: { required: ['id'] } }],
    ['a wrong total', `id,name\n1,${canary}\nT,${canary}\n`, { control_total: 'trailer' }],
    ['another encoding', Buffer.from(`id,name\n1,${canary}\xff\n`, 'latin1'), { encoding: 'utf-8' }],
  ]

  it.each(cases)('keeps cells out of errors, problems and log: %s', async (_name, content, input) => {
    const folder = await dropFolder(input)
    await folder.write('workers.csv', content)
    let said = ''
    try {
      said = JSON.stringify((await allPages(await folder.readSettled())).problems)
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      said = [error.message, error.stack, JSON.stringify(error), String(error.cause), error.vendorText].join('\n')
    }
    expect(said).toContain('csv.')
    expect(said + JSON.stringify(folder.log)).not.toContain(canary)
  })
})

describe('the bytes as they were delivered', () => {
  async function raw(delivery: Awaited<ReturnType<typeof readFile>>['delivery']) {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of delivery?.raw?.(new AbortController().signal) ?? []) {
      hash.update(chunk)
      bytes += chunk.length
    }
    return { bytes, fits: delivery?.fingerprint?.equals(hash.digest()) }
  }

  it('are those of the fingerprint: marks, blank lines, control total and all', async () => {
    const text = `\ufeffid,name\r\n${'1,Ada\r\n'.repeat(100_000)}T,100000\r\n\r\n`
    const { delivery } = await readFile(text, { control_total: 'trailer' })
    expect(await raw(delivery)).toEqual({ bytes: Buffer.byteLength(text), fits: true })
    // Once more, as after a failure.
    expect((await raw(delivery)).fits).toBe(true)
  })

  it('no longer fit it when the file was written over, cut or taken away; what was added behind it is not theirs', async () => {
    const text = 'id,name\n1,Ada\n'
    const { delivery, folder } = await readFile(text)
    await folder.write('workers.csv', 'id,name\n1,Eve\n')
    expect((await raw(delivery)).fits).toBe(false)
    await folder.write('workers.csv', 'id,na')
    expect((await raw(delivery)).fits).toBe(false)
    await folder.write('workers.csv', `${text}2,Bob\n`)
    expect(await raw(delivery)).toEqual({ bytes: text.length, fits: true })
    await rm(folder.at('workers.csv'))
    expect(await raw(delivery)).toEqual({ bytes: 0, fits: false })
  })
})
