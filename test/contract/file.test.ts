/** Files keep the contract of sinks, and end each day whole, with a total, whatever happens to the process. */
import { createHash } from 'node:crypto'
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, test } from 'vitest'
import file from '../../connectors/file/index.ts'
import { openSealedFile } from '../../connectors/file/open-sealed.ts'
import { noCalls } from '../../src/connector/http.ts'
import type { FeedName } from '../../src/model/events/reveal.ts'
import { until } from '../support/servers.ts'
import { batchOf, outgoing, plainSealer, sinkContract } from './sink.ts'
import type { SinkReceiver } from './sink-subject.ts'

const never = new AbortController().signal
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-file-'))
  folders.push(folder)
  return folder
}

for (const [protection, format] of [
  ['sealed', 'jsonl'],
  ['sealed', 'csv'],
  ['clear', 'jsonl'],
  ['clear', 'csv'],
] as const) {
  sinkContract({
    name: `file (${protection}, ${format})`,
    connector: file,
    once: true,
    start: () => startReceiver({ protection, format }),
    impossible: {
      'breaks-off': 'a write is whole or cut off later, see below',
      hangs: 'a disk that hangs can not be given up',
      'refuses-us': 'a folder has no login',
      throttles: 'a folder asks for no rest',
      'refuses-one': 'a folder takes any line',
      gone: 'a folder says nothing',
    },
  })
}

type Some = Readonly<Record<string, unknown>>

async function startReceiver(some: Some): Promise<SinkReceiver> {
  const folder = await newFolder()
  return {
    settings: { folder, zone: 'UTC', ...some },
    secrets: [],
    provoke: () => rename(folder, `${folder}-away`),
    mend: () => rename(`${folder}-away`, folder),
    async received(count) {
      const ids = async () => (await textsIn(folder)).flatMap((text) => text.match(/\be{20}[0-9a-fe]{12}\b/g) ?? [])
      await until(`${count} events`, async () => (await ids()).length >= count)
      return ids()
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** What is in the files, in clear, the oldest first. */
async function textsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).toSorted()
  return Promise.all(names.map((name) => textOf(join(folder, name))))
}

async function textOf(path: string): Promise<string> {
  if (!path.includes('.sealed')) return readFile(path, 'utf8')
  let text = ''
  for await (const piece of openSealedFile(path, plainSealer)) text += piece
  return text
}

/** One process that writes, with a clock of its own. */
async function startWriter(folder: string, some: Some = {}, at = '2026-11-26T10:00:00Z', feed: FeedName = 'events') {
  const clock = { now: new Date(at) }
  const values = file.settings.parse({ folder, zone: 'Europe/Berlin', ...some })
  const wires = { open: () => Promise.reject(new Error('files need no network')) }
  const context = { http: noCalls, wires, sealer: plainSealer, feed, log: () => undefined, now: () => clock.now }
  const { sink, health, close } = await file.connect(values, context, never)
  return { clock, sink, health, close, tend: async () => sink.tend?.(never) }
}

const allForms = [
  { protection: 'sealed', format: 'jsonl' },
  { protection: 'sealed', format: 'csv' },
  { protection: 'clear', format: 'jsonl' },
  { protection: 'clear', format: 'csv' },
] as const

test.each(allForms)('a day ends at midnight of the zone, also when nothing comes: %o', async (some) => {
  const folder = await newFolder()
  const { clock, sink, tend, close } = await startWriter(folder, some)
  const ending = some.protection === 'sealed' ? `${some.format}.sealed` : some.format
  await sink.deliver(batchOf(3), never)
  clock.now = new Date('2026-11-26T22:59:59Z')
  await tend()
  expect(await readdir(folder)).toEqual([`events-2026-11-26.${ending}.part`])
  clock.now = new Date('2026-11-26T23:00:00Z')
  await tend()
  await tend()
  expect(await readdir(folder)).toEqual([`events-2026-11-26.${ending}`])
  await sink.deliver(batchOf(2, 3), never)
  await close()
  expect(await readdir(folder)).toEqual([`events-2026-11-26.${ending}`, `events-2026-11-27.${ending}.part`])
  const path = join(folder, `events-2026-11-26.${ending}`)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const lines = (await textOf(path)).split('\n').slice(0, -1)
  const body = lines.slice(0, -1).map((line) => `${line}\n`)
  const sha256 = createHash('sha256').update(body.join('')).digest('hex')
  expect(lines.at(-1)).toBe(some.format === 'csv' ? `T,3,${sha256}` : JSON.stringify({ total: { count: 3, sha256 } }))
  if (some.format === 'jsonl') expect(body.map((line) => JSON.parse(line))).toEqual(batchOf(3))
  if (some.protection === 'sealed') expect(await readFile(path, 'utf8')).not.toMatch(/Zyphora|Quillgate|org\.gatehouse/)
})

test.each(allForms)(
  'whatever a crash leaves of the last line, no event is lost and none is there twice: %o',
  async (some) => {
    const folder = await newFolder()
    const before = await startWriter(folder, some)
    await before.sink.deliver(batchOf(2), never)
    const [name = ''] = await readdir(folder)
    const path = join(folder, name)
    await before.sink.deliver(batchOf(3, 2), never)
    await before.close()
    const longer = await readFile(path)
    for (let cut = 0; cut <= longer.length; cut += cut < 120 ? 13 : 211) {
      await writeFile(path, longer.subarray(0, cut))
      const after = await startWriter(folder, some)
      await after.sink.deliver(batchOf(5), never)
      after.clock.now = new Date('2026-11-27T10:00:00Z')
      await after.tend()
      const [text = ''] = await textsIn(folder)
      expect(text.match(/\be{20}[0-9a-fe]{12}\b/g), `cut after ${cut} bytes`).toEqual(batchOf(5).map(({ id }) => id))
      expect(text).toMatch(some.format === 'csv' ? /\nT,5,/ : /"count":5/)
      for (const each of await readdir(folder)) await rm(join(folder, each))
    }
  },
)

test('a day that ended without its name gets it, and the last batch of yesterday is known today', async () => {
  const folder = await newFolder()
  const { clock, sink, tend, close } = await startWriter(folder)
  await sink.deliver(batchOf(3), never)
  clock.now = new Date('2026-11-27T10:00:00Z')
  await tend()
  await close()
  const path = join(folder, 'events-2026-11-26.jsonl.sealed')
  const ended = await readFile(path)
  await rename(path, `${path}.part`)
  for (const at of ['2026-11-26T11:00:00Z', '2026-11-27T11:00:00Z']) {
    const after = await startWriter(folder, {}, at)
    await after.sink.deliver(batchOf(3), never)
    await after.close()
    expect(await readFile(path)).toEqual(ended)
  }
  const texts = (await textsIn(folder)).join('')
  expect(texts.match(/"specversion"/g)).toHaveLength(3)
})

test('a file that is finished stays as it is when the clock goes back', async () => {
  const folder = await newFolder()
  const { clock, sink, close } = await startWriter(folder, { protection: 'clear' })
  await sink.deliver(batchOf(1), never)
  clock.now = new Date('2026-11-27T10:00:00Z')
  await sink.deliver(batchOf(1, 1), never)
  clock.now = new Date('2026-11-26T10:00:00Z')
  await sink.deliver(batchOf(1, 2), never)
  await close()
  expect((await readdir(folder)).toSorted()).toEqual([
    'events-2026-11-26-2.jsonl.part',
    'events-2026-11-26.jsonl',
    'events-2026-11-27.jsonl',
  ])
})

test('after the clock went back, the last batch of the second file of that day is known as well', async () => {
  const folder = await newFolder()
  const { clock, sink, tend, close } = await startWriter(folder)
  await sink.deliver(batchOf(1), never)
  clock.now = new Date('2026-11-27T10:00:00Z')
  await tend()
  clock.now = new Date('2026-11-26T10:00:00Z')
  await sink.deliver(batchOf(2, 1), never)
  clock.now = new Date('2026-11-27T10:00:00Z')
  await tend()
  await close()
  const after = await startWriter(folder, {}, '2026-11-27T11:00:00Z')
  await after.sink.deliver(batchOf(2, 1), never)
  await after.close()
  const texts = (await textsIn(folder)).join('')
  expect(texts.match(/"specversion"/g)).toHaveLength(3)
})

test('a sealed file that was changed, cut, or put together of others does not open, and is not gone on with', async () => {
  const folder = await newFolder()
  const first = await startWriter(folder, { name: 'a' })
  await first.sink.deliver(batchOf(2), never)
  await first.sink.deliver(batchOf(2, 2), never)
  first.clock.now = new Date('2026-11-27T10:00:00Z')
  await first.tend()
  await first.close()
  const path = join(folder, 'a-2026-11-26.jsonl.sealed')
  const [head, one, two, last] = (await readFile(path, 'utf8')).split('\n')
  const spoilt = {
    'lines that changed places': [head, two, one, last],
    'a line less': [head, one, last],
    'a line twice': [head, one, one, two, last],
    'a line behind the last': [head, one, two, last, two],
    'another head': [head?.replace(/[0-9a-f]{4}$/, 'ffff'), one, two, last],
    'no end': [head, one, two],
  }
  for (const [what, lines] of Object.entries(spoilt)) {
    await writeFile(path, `${lines.join('\n')}\n`)
    await expect(textOf(path), what).rejects.toThrow()
  }
  await writeFile(`${path}.part`, [head, two, one, ''].join('\n'))
  const after = await startWriter(folder, { name: 'a' })
  await rm(path)
  await expect(after.sink.deliver(batchOf(1, 9), never)).rejects.toMatchObject({ code: 'file.changed' })
  await rm(`${path}.part`)
  await after.sink.deliver(batchOf(1, 9), never)
  await after.close()
})

test('what somebody else does to the file of the day is noticed before the next line', async () => {
  const folder = await newFolder()
  const { sink, close } = await startWriter(folder, { protection: 'clear' })
  const path = join(folder, 'events-2026-11-26.jsonl.part')
  await sink.deliver(batchOf(1), never)
  await appendFile(path, 'half a li')
  await sink.deliver(batchOf(1, 1), never)
  await truncate(path, 0)
  await sink.deliver(batchOf(3), never)
  await rm(path)
  await sink.deliver(batchOf(2, 2), never)
  await close()
  expect(
    (await readFile(path, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).id),
  ).toEqual(batchOf(2, 2).map(({ id }) => id))
})

test('no link is followed, and a folder that is not there is told', async () => {
  const folder = await newFolder()
  const aim = join(folder, 'aim')
  await writeFile(aim, 'untouched')
  const inner = join(folder, 'inner')
  await mkdir(inner)
  await symlink(aim, join(inner, 'events-2026-11-26.jsonl.part'))
  const { sink } = await startWriter(inner, { protection: 'clear' })
  await expect(sink.deliver(batchOf(1), never)).rejects.toThrow(/^file\./)
  expect(await readFile(aim, 'utf8')).toBe('untouched')
  const { sink: nowhere, health } = await startWriter(join(folder, 'none'))
  await expect(nowhere.deliver(batchOf(1), never)).rejects.toMatchObject({ kind: 'transient', code: 'file.folder' })
  expect((await health(never)).problems).toMatchObject([{ severity: 'error', code: 'file.folder' }])
})

test('an event that never happened, sent to try the folder by any process, is in no file', async () => {
  const folder = await newFolder()
  const { sink } = await startWriter(folder)
  const tried = outgoing(1, { type: 'org.gatehouse.test.v1' })
  expect(await sink.deliver([tried], never)).toEqual({ refused: [], status: null })
  expect(await readdir(folder)).toEqual([])
  const { sink: nowhere } = await startWriter(join(folder, 'none'))
  await expect(nowhere.deliver([tried], never)).rejects.toMatchObject({ code: 'file.folder' })
})

test('cells hold whatever an event says, in one line each, and none is a formula', async () => {
  const folder = await newFolder()
  const columns = ['type', 'data.person.name', 'data.door', 'data.n', 'data.none.at.all', 'data.note']
  const { sink, close } = await startWriter(folder, { protection: 'clear', format: 'csv', delimiter: ';', columns })
  const data = { person: { name: '=cmd|\n"x"' }, door: { id: '7;8' }, n: -5, note: ' lead\u2028+1 ' }
  await sink.deliver([outgoing(1, { data })], never)
  await close()
  const text = await readFile(join(folder, 'events-2026-11-26.csv.part'), 'utf8')
  expect(text.split('\n')).toHaveLength(3)
  expect(parse(text, { delimiter: ';' })).toEqual([
    ['id', ...columns],
    [outgoing(1).id, 'org.gatehouse.access.granted.v1', `'=cmd| "x"`, '{"id":"7;8"}', '-5', '', ' lead +1 '],
  ])
})

test('of punches the columns are those of payroll, unless others are set', async () => {
  const headOf = async (some: Some) => {
    const folder = await newFolder()
    const at = '2026-11-26T10:00:00Z'
    const { sink, close } = await startWriter(folder, { protection: 'clear', format: 'csv', ...some }, at, 'punches')
    const person = { id: 'Yw9k', employeeNumber: '4711' }
    const punch = { kind: 'in', localTime: '2026-11-26T08:00:00+01:00', zone: 'Europe/Berlin', day: '2026-11-26' }
    const data = { ...punch, person, recordedAt: at, correction: false, voids: null }
    await sink.deliver([outgoing(1, { type: 'org.gatehouse.punch.in.v1', data })], never)
    await close()
    return parse(await readFile(join(folder, 'events-2026-11-26.csv.part'), 'utf8'))
  }
  expect(await headOf({})).toEqual([
    [
      ...['id', 'sequence', 'data.person.employeeNumber', 'data.person.id', 'data.day', 'data.kind', 'data.localTime'],
      ...['data.zone', 'data.correction', 'data.voids.sequence', 'data.recordedAt'],
    ],
    [
      ...[outgoing(1).id, '1', '4711', 'Yw9k', '2026-11-26', 'in', '2026-11-26T08:00:00+01:00'],
      ...['Europe/Berlin', 'false', '', '2026-11-26T10:00:00Z'],
    ],
  ])
  expect(await headOf({ columns: ['data.kind'] })).toEqual([
    ['id', 'data.kind'],
    [outgoing(1).id, 'in'],
  ])
})

test('health warns of what lies in clear, and of a folder that others may write to', async () => {
  const folder = await newFolder()
  const codesOf = async (some: Some) =>
    (await (await startWriter(folder, some)).health(never)).problems.map(({ code }) => code)
  expect(await codesOf({})).toEqual([])
  expect(await codesOf({ protection: 'clear' })).toEqual(['file.clear'])
  const open = join(folder, 'open')
  await mkdir(open)
  await chmod(open, 0o777)
  expect(await codesOf({ folder: open })).toEqual(['file.folder-open'])
})

test.each([{ columns: ['time', 'time'] }, { columns: ['id'] }, { name: '../x' }, { zone: 'Nowhere' }])(
  '%o is refused',
  (some) => expect(file.settings.safeParse({ folder: '/srv', zone: 'UTC', ...some }).success).toBe(false),
)
