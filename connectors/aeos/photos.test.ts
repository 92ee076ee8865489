/** Photos at AEOS: what of others goes, what is refused, what is not shown to us; and AEOS as the source of them. */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Delivery } from '../../src/connector/contract.ts'
import { failures, simulated } from './simulated-for-tests.ts'
import { answer, connected, desiredAccount, fault, never } from './testing.ts'

const picture = (of: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(of)])
const [first, second] = [picture('first'), picture('second')]
const sha256 = (bytes: Buffer) => hash('sha256', bytes, 'hex')

const image = (id: number, bytes: Buffer, type = 'Photo') =>
  `<AllImages><Id>${id}</Id><Type>${type}</Type><Picture>${bytes.toString('base64')}</Picture></AllImages>`
const images = (content: string, shown?: number) =>
  answer(
    'CarrierImagesResult',
    `<CarrierId>7</CarrierId>${content}${shown === undefined ? '' : `<FirstPhoto>${shown}</FirstPhoto>`}`,
  )
const roots = (all: readonly string[]) => all.filter((root) => root.startsWith('CarrierI') && root.includes('mage'))

test('the photo that AEOS calls the first is shown, and a thumbnail is none', async () => {
  const both = `${image(1, first)}${image(2, second)}`
  for (const [content, shown, expected] of [
    [both, 2, sha256(second)],
    [both, undefined, sha256(first)],
    [image(3, first, 'Thumbnail'), undefined, null],
    ['', undefined, null],
  ] as const) {
    const { accounts } = await connected({ CarrierIdImage: images(content, shown) }, { photos: true })
    expect((await accounts.read('4711', never, { photo: true }))?.photo).toBe(expected)
  }
})

test('the new photo is there before the others go, thumbnails stay, and one that is there already is not sent again', async () => {
  const there = `${image(1, first)}${image(2, second, 'Thumbnail')}${image(3, second)}`
  const script = { CarrierIdImage: images(there, 1), CarrierImageAdd: images(''), CarrierImageRemove: images('') }
  const server = await connected(script, { photos: true })
  const actual = await server.mustRead()
  const third = picture('third')
  expect(await server.put(desiredAccount({ photo: third }), { actual })).toMatchObject({ photo: 'applied' })
  expect(roots(server.roots())).toEqual([
    'CarrierIdImage',
    'CarrierImageAdd',
    'CarrierImageRemove',
    'CarrierImageRemove',
  ])
  expect(server.bodies('CarrierImageAdd').join()).toContain(`<Type>Photo</Type><Picture>${third.toString('base64')}`)
  expect(server.bodies('CarrierImageRemove').map((body) => /<ImageId>(\d)/.exec(body)?.[1])).toEqual(['1', '3'])
  const again = await connected(script, { photos: true })
  await again.put(desiredAccount({ photo: second }), { actual })
  expect(again.bodies('CarrierImageRemove').map((body) => /<ImageId>(\d)/.exec(body)?.[1])).toEqual(['1'])
  expect(again.bodies('CarrierImageAdd')).toEqual([])
})

test('a photo that AEOS refuses leaves the old one, and all else is as ordered', async () => {
  await using target = await simulated({ quirks: { pictureBytesMax: 10 } }, { photos: true })
  await target.put(desiredAccount({ photo: first }))
  const told = await target.put(desiredAccount({ photo: picture('much too large for this'), lock: 'closed' }))
  expect([failures(told), told.lock]).toEqual([{ photo: 'rejected aeos.picture-refused' }, 'applied'])
  expect(target.inside()[0]?.photos).toEqual([first.toString('base64')])
})

test('of photos that our user is not shown nothing is told, and the account is read all the same', async () => {
  const { accounts } = await connected({ CarrierIdImage: fault(901, 'no rights') }, { photos: true })
  const account = await accounts.read('4711', never, { photo: true })
  expect(account).toMatchObject({ lock: 'open' })
  expect(account).not.toHaveProperty('photo')
})

test('as it is set by default, photos are neither asked for nor written', async () => {
  const server = await connected()
  await server.accounts.read('4711', never, { photo: true })
  expect([server.accounts.takesPhotos, roots(server.roots())]).toEqual([false, []])
})

async function cellsOf(delivery: Delivery | null): Promise<Record<string, string | null | undefined>> {
  const cells: Record<string, string | null | undefined> = {}
  for await (const page of delivery?.pages(never) ?? [])
    for (const record of page.records) cells[record.cells.personnel_no ?? ''] = record.cells.photo
  return cells
}

test('as a source it says which photo each carrier has who may come in, and gives its bytes', async () => {
  await using target = await simulated({}, { photos: true, people: { photos: true } })
  const [with1, without, blocked] = target.simulator.seed({
    carriers: ['1', '2', '3'].map((personnelNo) => ({ lastName: 'Made-up', personnelNo })),
  }).carriers
  const add = (CarrierId: number | undefined, bytes: Buffer) =>
    target.say('addCarrierImage', {
      CarrierId: String(CarrierId),
      Image: { Type: 'Photo', Picture: bytes.toString('base64') },
    })
  await add(with1, first)
  await add(blocked, first)
  target.simulator.hand({ action: 'block', carrier: blocked ?? 0 })
  const delivery = await target.people.read(never, null)
  expect(delivery?.columns).toContain('photo')
  expect(await cellsOf(delivery)).toEqual({ '1': `${sha256(first)} ${with1}`, '2': null, '3': 'unread' })
  expect(await target.people.photo?.(String(with1), never)).toEqual(first)
  expect(await target.people.photo?.(String(without), never)).toBeNull()
  expect(await target.people.photo?.('999999', never)).toBeNull()
})

test('as a source it leaves a photo open that could not be had, and reads all else of the carrier', async () => {
  await using target = await simulated({}, { people: { photos: true } })
  target.simulator.seed({ carriers: [{ lastName: 'Made-up', personnelNo: '1' }] })
  for (const kind of ['fault', 'drop'] as const) {
    target.simulator.faults.add({
      operation: '^findCarrierImage$',
      ...(kind === 'fault' ? { kind, code: 901 } : { kind }),
    })
    expect(await cellsOf(await (await target.connect()).people.read(never, null))).toEqual({ '1': 'unread' })
    target.simulator.faults.clear()
  }
  const { people } = await target.connect({ people: {} })
  const delivery = await people.read(never, null)
  expect(delivery?.columns).not.toContain('photo')
})
