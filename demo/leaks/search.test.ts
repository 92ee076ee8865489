import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PersonId } from '../../src/model/id.ts'
import type { PunchContent } from '../../src/store/punches/punch.ts'
import { startRedis } from '../../test/support/servers.ts'
import { ByteSearch } from './byte-search.ts'
import { needlesOf, type Sought } from './forms.ts'
import { memory, redis, tree } from './places.ts'
import { searchPlace } from './search.ts'

const name = { kind: 'name', personId: 'P-000001', value: 'Œxemple-0042' } as const
const card = { kind: 'card', personId: 'P-000002', value: '017-04711' } as const
const canary = 'Planted-0123456789abcdef'

function search(...parts: (string | Uint8Array)[]) {
  return searchPlace(
    memory('memory', () => parts),
    [name, card],
    canary,
  )
}

describe('the search for known values', () => {
  const { value } = name
  const utf8 = Buffer.from(value)
  test.each([
    ['as UTF-8', utf8],
    ['as UTF-16', Buffer.from(value, 'utf16le')],
    ['in hex', Buffer.from(utf8.toString('hex'))],
    ['in upper-case hex', Buffer.from(utf8.toString('hex').toUpperCase())],
    ['in base64', Buffer.from(utf8.toString('base64'))],
    ['in base64 after one byte', Buffer.from(Buffer.concat([Buffer.from('x'), utf8]).toString('base64'))],
    ['in base64 after two bytes', Buffer.from(Buffer.concat([Buffer.from('{"'), utf8]).toString('base64'))],
    ['in URL-safe base64, amid other text', Buffer.from(Buffer.from(`{"name":"${value}"}`).toString('base64url'))],
  ])('finds a name %s', async (_, bytes) => {
    const noise = Buffer.alloc(100, 0xe7)
    expect((await search(Buffer.concat([noise, bytes, noise]))).leaks).toEqual(['name of P-000001'])
  })

  test.each([
    ['as printed', '017-04711'],
    ['as its bits', '22224CF'],
    ['as the decimal that a door system stores', '{"card_id":"1118823"}'],
    ['as a command line takes it', 'person show H10301:17:4711'],
  ])('finds a card %s', async (_, text) => {
    expect((await search(text)).leaks).toEqual(['card of P-000002'])
  })

  // As the log of events and the punches hold it before it is sealed; of a punch, as payroll reads it, too.
  const movement = { kind: 'movement', personId: 'P-000001', value: '2026-03-10T08:00:01.250Z' } as const
  const punch = { kind: 'punch', personId: 'P-000001', value: '2026-03-10T09:00:01+01:00' } as const
  const at = Date.parse(movement.value)
  const event = { type: 'access.granted', at: movement.value, door: { id: '1', name: 'Door to the lab' } }
  const row: PunchContent = { person: 'b8' as PersonId, at, kind: 'in', voids: null, by: null }
  const shift = { day: '2026-03-10', firstIn: punch.value, lastOut: null }
  const door = { kind: 'door', personId: 'level 1', value: 'Door to the lab' } as const
  test.each([
    ['when somebody was at a door, in the text of an event', event, movement],
    ['when somebody was at a door, in the text of a punch', row, movement],
    ['a punch in its own text', row, punch],
    ['a punch in the text of an event', event, punch],
    ['a punch in a shift', shift, punch],
    ['the name of a door in the text of an event', event, door],
  ])('finds %s, in clear and in base64, and nothing else', async (_, clear, known) => {
    const text = JSON.stringify(clear)
    const name = `${known.kind} of ${known.personId}`
    const found = async (bytes: Buffer, sought: Sought = known) =>
      (
        await searchPlace(
          memory('memory', () => [bytes]),
          [sought],
          canary,
        )
      ).leaks
    const wrapped = Buffer.from(JSON.stringify({ inner: Buffer.from(text).toString('base64') }))
    expect([await found(Buffer.from(text)), await found(wrapped)]).toEqual([[name], [name]])
    expect(await found(Buffer.from(text), { ...known, value: known.value.replaceAll(/0[01]|lab/g, '07') })).toEqual([])
  })

  test('finds nothing where nothing is, says how much it read, and that it did not find what was not planted', async () => {
    expect(await search('Œxemple-0043', Buffer.alloc(5))).toEqual({
      place: 'memory',
      bytes: 18,
      leaks: [],
      foundPlanted: false,
    })
    expect((await search(canary)).foundPlanted).toBe(true)
  })

  test('finds what two pieces cut apart', async () => {
    for (let at = 1; at < utf8.length; at += 1)
      expect((await search('before ', utf8.subarray(0, at), utf8.subarray(at), ' after')).leaks).toHaveLength(1)
  })

  test('agrees with a plain search of the whole, whatever the bytes and wherever they are cut', async () => {
    // Few different bytes, so that needles turn up and overlap.
    const bytes = fc.uint8Array({ min: 0, max: 2, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ min: 0, max: 2, minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        fc.array(bytes, { maxLength: 6 }),
        async (needles, pieces) => {
          const named = needles.map((needle, at) => ({ name: String(at), bytes: Buffer.from(needle) }))
          const whole = Buffer.concat(pieces)
          const { found } = await new ByteSearch(named).through(pieces.map((piece) => Buffer.from(piece)))
          expect([...found].sort()).toEqual(
            named.filter((needle) => whole.includes(needle.bytes)).map((needle) => needle.name),
          )
        },
      ),
    )
  })

  test('every known value has forms, none so short that chance would make it', () => {
    const movement = { kind: 'movement', personId: 'P-000001', value: '2026-03-10T08:00:01.250Z' } as const
    for (const known of [name, card, movement])
      for (const { bytes } of needlesOf(known)) expect(bytes.length).toBeGreaterThanOrEqual(7)
  })
})

describe('the places', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-leaks-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  test('a tree is read to its last file, but for what is left out', async () => {
    await mkdir(join(folder, 'deep', 'deeper'), { recursive: true })
    await mkdir(join(folder, 'other'))
    await writeFile(join(folder, 'deep', 'deeper', 'file'), name.value)
    await writeFile(join(folder, 'other', 'file'), canary)
    const known = [name]
    expect(await searchPlace(tree('all', folder), known, canary)).toMatchObject({
      leaks: ['name of P-000001'],
      foundPlanted: true,
    })
    expect(await searchPlace(tree('but one', folder, join(folder, 'deep')), known, canary)).toMatchObject({
      leaks: [],
      foundPlanted: true,
    })
  })

  test('a file larger than what is read at once is found at its end, and across the seam', async () => {
    const seam = 1024 * 1024
    const bytes = Buffer.alloc(seam + 100)
    bytes.write(name.value, seam - 4)
    await writeFile(join(folder, 'large'), bytes)
    expect((await searchPlace(tree('all', folder), [name], canary)).leaks).toHaveLength(1)
  })

  test('a Redis is read key by key, whatever the type', async () => {
    await using server = await startRedis()
    const client = new Redis(server.url)
    const place = redis('redis', server.url)
    try {
      const plants: Record<string, () => Promise<unknown>> = {
        key: () => client.set(`x:${name.value}`, '1'),
        string: () => client.set('k', name.value),
        list: () => client.rpush('k', 'a', name.value),
        set: () => client.sadd('k', name.value),
        'sorted set': () => client.zadd('k', 1, name.value),
        'field of a hash': () => client.hset('k', name.value, '1'),
        'value of a hash': () => client.hset('k', 'a', name.value),
        stream: () => client.xadd('k', '*', 'a', name.value),
      }
      for (const [what, plant] of Object.entries(plants)) {
        await client.flushall()
        await plant()
        expect((await searchPlace(place, [name], canary)).leaks, what).toEqual(['name of P-000001'])
      }
    } finally {
      client.disconnect()
    }
  })
})
