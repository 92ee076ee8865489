/** AEOS tells what happened: everything from now on, or from a cursor, with whose it is, until it is told to stop. */
import { expect, test } from 'vitest'
import { accessEvent } from '../../../src/model/events/event.ts'
import { answer, fault, owned, people } from '../testing.ts'
import { following, next, take } from './log-for-tests.ts'

test('the first time, only what happens from now on is told, and where that begins comes at once', async () => {
  const at = await following()
  at.log.add({ id: 40, at: at.clock() }, { id: 41, at: '2020-01-01T00:00:00' })
  const batches = at.follow(null)
  expect(await next(batches)).toEqual({ events: [], cursor: expect.any(String), live: false })
  at.log.add({ id: 42, at: at.clock() })
  const { keys, events } = await take(batches, 1)
  expect(keys).toEqual([`42 ${at.clock()} 5`])
  expect(events[0]?.event).toMatchObject({ type: 'access.granted', at: '2026-11-26T09:00:00.000Z', direction: 'in' })
})

test('10,000 events, a sixth of them late and some told twice, all come once', async () => {
  const at = await following('by-time')
  at.log.add({ id: 1, at: '2026-11-26T09:00:00' })
  const batches = at.follow(null)
  let { cursor } = await next(batches)
  const seen: string[] = []
  let last = 1
  for (let round = 0; round < 4; round++) {
    const ids = Array.from({ length: 2_500 }, (_, n) => last + 1 + n)
    const isLate = (id: number) => id % 3 === 0 && id > last + 1_250
    at.log.add(...ids.filter((id) => !isLate(id)).map((id) => ({ id, at: at.clock() })))
    const late = ids.filter(isLate)
    const first = await take(batches, 2_500 - late.length)
    at.log.add(...late.map((id) => ({ id, at: at.clock() })))
    at.advance(61_000)
    const second = await take(batches, late.length)
    seen.push(...first.keys, ...second.keys)
    cursor = second.cursor ?? first.cursor ?? cursor
    last += 2_500
    at.advance(130_000)
  }
  expect(new Set(seen).size).toBe(10_000)
  expect(seen).toHaveLength(10_000)
  // From the cursor another process goes on, with the same keys for what it tells again.
  await batches.return?.()
  at.advance(1000)
  at.log.add({ id: last + 1, at: at.clock() })
  const again = at.follow(cursor ?? null)
  const told: string[] = []
  while (told.at(-1) !== `${last + 1} ${at.clock()} 5`) told.push(...(await take(again, 1)).keys)
  expect(told.filter((key) => !seen.includes(key))).toHaveLength(1)
})

test('whose an event is: by personnel number, by the id where several are here with one, and the card by the id of its badge', async () => {
  const badge = { number: '48213', status: 1, type: '2', owner: '7' }
  const at = await following(
    'by-id',
    {},
    {
      PersonSearchInfo: (body) =>
        body.includes('<Id>7</Id>') || body.includes('<PersonnelNo>4711')
          ? people({ id: '7', number: '4711' }, { id: '6', number: '4711', leave: '2020-01-01T00:00:00' })
          : body.includes('<Id>8</Id>') || body.includes('<PersonnelNo>4712')
            ? people({ id: '8', number: '4712' }, { id: '9', number: '4712' })
            : people(),
      IdentifierSearchInfo: owned(badge),
    },
  )
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  const who = (carrier: number, token = 40, number = '48213') =>
    `<IdentifierId>${token}</IdentifierId><Identifier>${number}</Identifier><CarrierId>${carrier}</CarrierId><CarrierFullName>Zyphora Quillfeather</CarrierFullName><IntValue>1</IntValue>`
  const event = (id: number, more: string) => ({ id, at: at.clock(), more })
  at.log.add(event(2, who(7)), event(3, who(8)), event(4, who(10, 41)), event(5, who(7, 40, '999')))
  const { events } = await take(batches, 4)
  expect(events.map(({ event: { account } }) => account)).toEqual(['4711', '#8', '#10', '4711'])
  expect(events.map(({ event: { card } }) => card?.format ?? null)).toEqual(['H10301', 'H10301', null, null])
  expect(events.map(({ event: { cardNumber } }) => cardNumber)).toEqual([null, null, '48213', '999'])
  expect(JSON.stringify(events)).not.toContain('Quillfeather')
  for (const each of events) expect(accessEvent.parse(each.event)).toEqual(each.event)
  // Once for each carrier and number, and each badge.
  const asked = at.requests.length
  at.log.add(event(6, who(7)))
  await take(batches, 1)
  expect(at.requests.slice(asked).every(({ root }) => root === 'EventSearchInfo')).toBe(true)
})

test('with many carriers at once, all are read instead of each, and no more than once', async () => {
  const all = Array.from({ length: 60 }, (_, n) => ({ id: String(n + 1), number: `n${n + 1}` }))
  const page = (body: string) => people(...all.slice(Number(/<startRecordNo>(\d+)/.exec(body)?.[1])))
  const at = await following('by-id', { identifier_types: [] }, { PersonSearchInfo: page })
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  const of = (id: number) => ({
    id: id + 1,
    at: at.clock(),
    more: `<CarrierId>${id}</CarrierId><IntValue>1</IntValue>`,
  })
  at.log.add(...Array.from({ length: 70 }, (_, n) => of(n + 1)))
  const { events } = await take(batches, 70)
  expect(events.map(({ event }) => event.account).slice(58, 62)).toEqual(['n59', 'n60', '#61', '#62'])
  expect(at.bodies('PersonSearchInfo').length).toBeLessThan(5)
})

test('a source names whose an event is by the id of the carrier, as it names its people, and asks for nobody', async () => {
  const at = await following('by-id', { block_reasons: undefined })
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  at.log.add({ id: 2, at: at.clock(), more: '<CarrierId>7</CarrierId><IntValue>2</IntValue>' })
  const { events } = await take(batches, 1)
  expect(events[0]?.event).toMatchObject({ account: '7', direction: 'out' })
  expect(at.bodies('PersonSearchInfo')).toEqual([])
})

test('whom our user may not ask for costs no event', async () => {
  const refused = fault(901, 'not authorised')
  const at = await following(
    'by-id',
    {},
    { PersonSearchInfo: refused, IdentifierSearchInfo: refused, EventTypeSearchInfo: refused },
  )
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  const more =
    '<IdentifierId>4</IdentifierId><Identifier>501</Identifier><CarrierId>7</CarrierId><IntValue>1</IntValue>'
  at.log.add({ id: 2, at: at.clock(), more })
  const { events } = await take(batches, 1)
  expect(events[0]?.event).toMatchObject({ account: '#7', card: null, cardNumber: '501', vendor: { name: 'Type5' } })
})

test('the names of types are asked for again when a type comes that was not there, and an unmapped one is told as other', async () => {
  let types = '<EventType><Id>5</Id><Name>BadgeAccessEvent</Name></EventType>'
  const at = await following('by-id', {}, { EventTypeSearchInfo: () => answer('EventTypeList', types) })
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  types += '<EventType><Id>236</Id><Name>LockerAccessEvent</Name></EventType>'
  at.advance(61_000)
  at.log.add({ id: 2, at: at.clock(), type: 236 })
  const { events } = await take(batches, 1)
  expect(events[0]?.event).toMatchObject({ type: 'other', vendor: { code: '236', name: 'LockerAccessEvent' } })
  expect(at.bodies('EventTypeSearchInfo')).toHaveLength(2)
})

test('where nothing happens, that the server was heard is told at least every 30 s', async () => {
  const at = await following()
  at.log.add({ id: 1, at: at.clock() })
  const batches = at.follow(null)
  await next(batches)
  await next(batches)
  for (let beats = 0; beats < 3; beats++) {
    const beat = batches.next()
    at.advance(15_000)
    expect((await beat).value).toMatchObject({ events: [], live: false })
  }
})

test('what comes between two looks is live; what a first look finds is not', async () => {
  const at = await following()
  at.log.add({ id: 1, at: at.clock() })
  let batches = at.follow(null)
  const { cursor } = await next(batches)
  await batches.return?.()
  at.log.add({ id: 2, at: at.clock() })
  batches = at.follow(cursor ?? null)
  expect(await next(batches)).toMatchObject({ events: [{}], live: false })
  await next(batches)
  at.log.add({ id: 3, at: at.clock() })
  expect(await next(batches)).toMatchObject({ events: [{}], live: true })
})

test('it ends with its signal, with the connection, and with the failure of a request, and asks nothing more', async () => {
  const reason = new Error('stopped')
  for (const end of ['signal', 'close'] as const) {
    const at = await following()
    at.log.add({ id: 1, at: at.clock() })
    const batches = at.follow(null)
    await next(batches)
    await next(batches)
    const waiting = batches.next()
    if (end === 'signal') at.stop.abort(reason)
    else await at.close()
    await expect(waiting).rejects.toMatchObject(end === 'signal' ? reason : { code: 'aeos.closed', kind: 'transient' })
  }
  for (const [answered, kind] of [
    [fault(151), 'transient'],
    [fault(901), 'rejected'],
    [{ status: 401, headers: {}, text: '' }, 'unauthenticated'],
    [{ status: 429, headers: {}, text: '' }, 'throttled'],
  ] as const) {
    const at = await following('by-id', {}, { EventSearchInfo: answered })
    await expect(next(at.follow(null))).rejects.toMatchObject({ kind })
  }
})
