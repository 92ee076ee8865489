import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { ConnectorError } from '../connector/errors.ts'
import { compileMapping } from '../mapping/mapping.ts'
import { photoBytesMax } from '../model/photo.ts'
import { type Bench, hour, minute, useEngine } from './fixtures/engine.fixture.ts'
import { columns, type HrRow, hrMapping } from './fixtures/hr-file.fixture.ts'
import { nextCalls } from './fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { row, Site } from './reconcile/site.fixture.ts'

const engine = useEngine()

/** A JPEG by its first bytes. */
const picture = (of: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(of)])
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** What the source has, by its own references; a function is asked. */
type Held = Buffer | null | ((signal: AbortSignal) => Promise<Buffer | null>)
let held: Map<string, Held>
let asked: string[]
let bench: Bench
let site: Site

async function photo(reference: string, signal: AbortSignal): Promise<Buffer | null> {
  asked.push(reference)
  const found = held.get(reference) ?? null
  return typeof found === 'function' ? found(signal) : found
}

const mapping = compileMapping({ ...hrMapping, fields: { ...hrMapping.fields, photo: 'row.photo' } })

beforeEach(async () => {
  held = new Map()
  asked = []
  bench = await engine.begin({ source: { mapping }, photos: { hr: photo } })
  bench.target.takesPhotos = true
  site = new Site(bench)
})

async function settle(...rows: readonly HrRow[]): Promise<void> {
  await bench.deliver(rows, { columns: [...columns, 'photo'] })
  await bench.rest()
}

/** A row of somebody whose picture the source has under that name. */
function withPhoto(name: string, bytes: Buffer, who = 1): HrRow {
  held.set(name, bytes)
  return row(who, { photo: `${sha256(bytes)} ${name}` })
}

const shown = (who = 1): string | undefined => site.user(who)?.photo?.subarray(4).toString()
const puts = (): number => bench.target.calls.filter(({ verb }) => verb === 'put').length
const failures = async (): Promise<unknown> => (await site.account()).failures

describe('the picture of a person', () => {
  test('goes to a new account and to one that is there, is replaced, and taken away when the source says that there is none', async () => {
    await settle(withPhoto('a', picture('first')))
    expect([shown(), asked, await failures()]).toEqual(['first', ['a'], null])
    await settle(withPhoto('b', picture('second')))
    expect([shown(), asked]).toEqual(['second', ['a', 'b']])
    await settle(row(1, { photo: '' }))
    expect([site.user()?.photo, asked, await site.work()]).toEqual([undefined, ['a', 'b'], []])
  })

  test('is fetched once, and not again while the account shows it, whatever else of it is written', async () => {
    await settle(withPhoto('a', picture('first')))
    await settle({ ...withPhoto('a', picture('first')), family: 'Other' })
    expect([site.user()?.profile.name, shown(), asked]).toEqual(['Person1 Other', 'first', ['a']])
    // Found by another name, it is the same picture.
    await settle({ ...withPhoto('z', picture('first')), family: 'Other' })
    expect(asked).toEqual(['a'])
  })

  test('stays as it is where the source can not tell which it is, or says nothing', async () => {
    await settle(withPhoto('a', picture('first')))
    await settle(row(1, { photo: 'unread' }))
    expect([shown(), await failures()]).toEqual(['first', null])
    site.user()?.levels.clear()
    await settle(row(1, { photo: 'unread', family: 'Other' }))
    expect([site.user()?.profile.name, shown(), asked]).toEqual(['Person1 Other', 'first', ['a']])
  })

  test('is neither read nor written at a target that takes none', async () => {
    bench.target.takesPhotos = false
    await settle(withPhoto('a', picture('first')))
    expect([site.user()?.photo, asked, await failures()]).toEqual([undefined, [], null])
  })

  test('is in none of our tables, and neither is its digest', async () => {
    const bytes = picture('nobody keeps this')
    await settle(withPhoto('a', bytes))
    const tables = await bench.rows<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'gatehouse'`,
    )
    for (const { name } of tables) {
      const rows = await bench.rows<{ text: string }>(`select t::text as text from ${name} t`)
      const all = rows.map(({ text }) => text).join('\n')
      for (const secret of [bytes.toString('base64'), bytes.toString('hex'), sha256(bytes)])
        expect(all.includes(secret), name).toBe(false)
    }
  })
})

describe('a picture that can not be had', () => {
  const wrong: readonly (readonly [string, Held | undefined, string])[] = [
    ['is another one by now', picture('another'), 'photo.changed'],
    ['is gone', null, 'photo.missing'],
    [
      'its source does not give',
      () => Promise.reject(new ConnectorError({ kind: 'rejected', code: 'hr.no' })),
      'hr.no',
    ],
    ['its source fails on', () => Promise.reject(new TypeError('a bug')), 'engine.unexpected'],
  ]
  test.each(wrong)('that %s fails alone: the account is made, and stays without', async (_, is, code) => {
    const named = withPhoto('a', picture('first'))
    if (is !== undefined) held.set('a', is)
    await bench.deliver([named], { columns: [...columns, 'photo'] })
    await bench.work()
    expect([site.user()?.lock, site.card()?.state, site.levels()]).toEqual(['open', 'on', ['Lab', 'Main']])
    expect([site.user()?.photo, await failures()]).toMatchObject([undefined, { photo: { code } }])
  })

  test.each([
    ['no picture', Buffer.from('<html>'), 'photo.no-picture'],
    ['too large', Buffer.concat([picture(''), Buffer.alloc(photoBytesMax)]), 'photo.too-large'],
  ])('that is %s is left to a person', async (_, bytes, code) => {
    await settle(withPhoto('a', bytes))
    expect([site.user()?.photo, await failures()]).toEqual([undefined, { photo: { kind: 'rejected', code } }])
    expect([asked, await site.work()]).toEqual([['a'], []])
  })

  test('is tried again, and written when it is there again', async () => {
    const named = withPhoto('a', picture('first'))
    held.delete('a')
    await bench.deliver([named], { columns: [...columns, 'photo'] })
    await bench.work()
    expect(await failures()).toMatchObject({ photo: { kind: 'conflict', code: 'photo.missing' } })
    held.set('a', picture('first'))
    await bench.rest()
    expect([shown(), await failures(), await site.work()]).toEqual(['first', null, []])
  })

  test('of a source that this process is not connected to says so', async () => {
    bench = await engine.begin({ source: { mapping } })
    bench.target.takesPhotos = true
    site = new Site(bench)
    await settle(withPhoto('a', picture('first')))
    expect(await failures()).toEqual({ photo: { kind: 'conflict', code: 'photo.no-source' } })
  })

  test('is taken from another record that names the same one', async () => {
    const bytes = picture('first')
    held.set('b', bytes)
    const both = (name: string, id: string) => row(1, { id, person: 'p', photo: `${sha256(bytes)} ${name}` })
    await settle(both('a', '1'), both('b', '2'))
    expect([shown(), await failures()]).toEqual(['first', null])
  })

  test('never holds up a lock-out, though its source hangs and does not heed that it is not waited for', async () => {
    await settle(row(1, { photo: '' }))
    const hangs = Promise.withResolvers<void>()
    held.set('a', () => {
      hangs.resolve()
      return new Promise(() => undefined)
    })
    await bench.deliver([row(1, { photo: `${sha256(picture('first'))} a` })], { columns: [...columns, 'photo'] })
    const worker = site.worker()
    const bulk = worker.pump('bulk')
    await hangs.promise
    await bench.deliver([row(1, { status: 'left', photo: '' })], { columns: [...columns, 'photo'] })
    await worker.pump('urgent')
    expect([site.user()?.lock, await site.lockouts()]).toMatchObject(['closed', [{ proven: true }]])
    await bulk
    await worker.stop(1_000)
  })
})

describe('a door system', () => {
  test('that keeps pictures in its own way is written once: what it made of ours counts as ours, and no other', async () => {
    bench.target.keeps = (sent) => Buffer.concat([sent, Buffer.from(' smaller')])
    await settle(withPhoto('a', picture('first')))
    expect([shown(), puts(), await failures()]).toEqual(['first smaller', 1, null])
    // Not when something else is written, nor after a lock-out, which looks at no picture.
    await settle({ ...withPhoto('a', picture('first')), family: 'Other' })
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await bench.rest()
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.rest()
    expect([site.user()?.lock, asked]).toEqual(['open', ['a']])
    // By hand.
    const user = site.user()
    if (user !== undefined) user.photo = picture('by hand')
    await settle({ ...withPhoto('a', picture('first')), family: 'Third' })
    expect([shown(), asked, await failures()]).toEqual(['first smaller', ['a', 'a'], null])
  })

  test.each([
    ['none at all', () => undefined],
    ['always the first', () => picture('first')],
  ])('that keeps %s is sent each picture once, and told as what it is', async (_, keeps) => {
    await settle(withPhoto('a', picture('first')))
    bench.target.keeps = keeps
    await settle(withPhoto('b', picture('second')))
    expect([shown(), asked]).toEqual(['first', ['a', 'b']])
    expect(await failures()).toEqual({ photo: { kind: 'rejected', code: 'photo.not-kept' } })
    await bench.pass(2 * hour)
    await bench.rest()
    expect([asked, await site.work()]).toEqual([['a', 'b'], []])
  })

  test('that does not show us pictures gets none', async () => {
    await settle(row(1, { photo: '' }))
    const { read } = bench.target.connection.accounts
    bench.target.connection.accounts.read = (externalId, signal) => read(externalId, signal)
    await settle(withPhoto('a', picture('first')))
    expect([asked, await failures()]).toEqual([[], { photo: { kind: 'rejected', code: 'photo.not-shown' } }])
  })

  test('that refuses a picture has all else as ordered', async () => {
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['photo'], kind: 'rejected' })
    await settle(withPhoto('a', picture('first')))
    expect([site.card()?.state, await failures()]).toEqual([
      'on',
      { photo: { kind: 'rejected', code: 'memory.photo-refused' } },
    ])
    await bench.pass(minute)
    await bench.rest()
    expect(asked).toEqual(['a'])
  })
})
