/** Pictures of people, from a folder beside HR's file to both door systems: fetched when they are written, and kept nowhere on the way. */
import { createHash } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { aeosDoors } from '../../demo/aeos-doors.ts'
import { groups, policyFor } from '../../demo/workforce/gateway-config.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import { textsBelow, textsIn } from '../chaos/find-bytes.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { file, heldPlan, isShutOut, statusOf, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const rows = workers(12)
const [subject, other] = rows as readonly [WorkerRow, WorkerRow]
let aeos: AeosSimulator
let site: Site
let gateway: GatewayProcess

/** Found in any file where it is kept as it is, in base64 or in hex, and so is its digest. */
const pictures = new Map<string, Buffer>()
function picture(of: string): Buffer {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(`made-up portrait, ${of}`)])
  pictures.set(of, bytes)
  return bytes
}

/** As HR's file, with one column more: names of files. */
function fileWith(named: ReadonlyMap<WorkerRow, string>): string {
  const all = [...named.keys()]
  const lines = file(all).toString().trimEnd().split('\n').slice(0, -1)
  const cells = ['photo', ...named.values()]
  const body = `${lines.map((line, at) => `${line},${cells[at]}`).join('\n')}\n`
  return `${body}T,${all.length},${createHash('sha256').update(body).digest('hex')}\n`
}

let changes = 0
async function change(row: WorkerRow, photo: string, more: Partial<WorkerRow> = {}): Promise<void> {
  changes += 1
  await site.drop(`changes-${changes}.csv`, fileWith(new Map([[{ ...row, ...more }, photo]])))
}

beforeAll(async () => {
  aeos = await startAeosSimulator({
    templates: groups.map((name) => ({ name, entrances: [name] })),
    latency: { fixedMs: 5 },
    zone: 'Europe/Berlin',
  })
  site = await openSite()
  const { configuration, secret } = aeosDoors(aeos, 'plant')
  await writeFile(join(site.directory, secret.file), secret.value, { mode: 0o600 })
  await mkdir(join(site.directory, 'photos'))
  await site.configure((config) => {
    const { hr } = config.sources
    Object.assign(hr.settings, { photos: { column: 'photo', folder: join(site.directory, 'photos') } })
    Object.assign(hr.mapping.fields, { photo: 'row.photo' })
    const { hq } = config.targets
    const { settings } = configuration as { readonly settings: object }
    const limits = { mode: 'enabled', requests_per_second: 1000 }
    const plant = { ...configuration, ...limits, settings: { ...settings, photos: true } }
    Object.assign(hq.settings, { photos: true })
    Object.assign(config, { targets: { hq, plant }, policy: [...policyFor('hq'), ...policyFor('plant')] })
  })
  gateway = await site.start()
}, 120_000)
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await aeos.close()
})

const put = (name: string, bytes: Buffer) => writeFile(join(site.directory, 'photos', name), bytes)
const shown = ({ employeeNumber }: WorkerRow) => ({
  hq: site.simulator.state.user(employeeNumber)?.photo ?? '',
  plant: aeos.state.withPersonnelNo(employeeNumber).flatMap(({ photos }) => photos),
})
const isShown = (row: WorkerRow, bytes: Buffer | null): boolean => {
  const { hq, plant } = shown(row)
  const expected = bytes === null ? [] : [bytes.toString('base64')]
  return hq === (expected[0] ?? '') && plant.join() === expected.join()
}
interface Failure {
  readonly target: string
  readonly part: string
  readonly code: string
}
const failures = async (): Promise<readonly string[]> => {
  const { rows: all } = await gateway.call<{ rows: readonly Failure[] }>(site.token, '/v1/failures')
  return all.map(({ target, part, code }) => `${target} ${part} ${code}`).sort()
}

test('a picture comes with its person, once the first plan is released, and is read back from both', async () => {
  const [mine, theirs] = [picture('first'), picture('of another')]
  await put('subject.jpg', mine)
  await put('other.jpg', theirs)
  const named = new Map(rows.map((row) => [row, row === subject ? 'subject.jpg' : row === other ? 'other.jpg' : '']))
  await site.drop('workers-2026-01-01.csv', fileWith(named))
  const { id } = await heldPlan(gateway, site.token)
  await gateway.call(site.token, `/v1/plans/${id}/release`, { reason: 'first import, checked' })
  await until('both have their picture', () => isShown(subject, mine) && isShown(other, theirs), 30_000)
  await until('everybody is in', () => aeos.state.carrierCount === rows.length, 30_000)
  expect(await failures()).toEqual([])
})

test('a picture that was replaced is replaced at both, and one that is gone is taken away', async () => {
  const second = picture('second')
  await put('subject.jpg', second)
  await change(subject, 'subject.jpg', { title: 'Keeper of Pictures' })
  await until('the new one is there', () => isShown(subject, second), 20_000)
  await change(other, '')
  await until('it is gone', () => isShown(other, null), 20_000)
  expect([await failures(), isShown(subject, second)]).toEqual([[], true])
})

test('one that is another by the time that it is fetched, or gone, is written nowhere; all else of its person is', async () => {
  const [named, wrong] = [picture('third'), picture('what nobody named')]
  await put('subject.jpg', named)
  await gateway.call(site.token, '/v1/freeze', { reason: 'to look at it' })
  const before = await deliveredAt()
  await change(subject, 'subject.jpg', { title: 'Keeper of Wrong Pictures' })
  await until('it was taken', async () => (await deliveredAt()) !== before)
  await put('subject.jpg', wrong)
  await gateway.call(site.token, '/v1/unfreeze', { reason: 'looked at' })
  await until('it is told', async () => (await failures()).length === 2, 20_000)
  expect(await failures()).toEqual(['hq photo photo.changed', 'plant photo photo.changed'])
  expect(site.simulator.state.user(subject.employeeNumber)).toMatchObject({ title: 'Keeper of Wrong Pictures' })
  expect(isShown(subject, pictures.get('second') ?? null)).toBe(true)
  await rm(join(site.directory, 'photos', 'subject.jpg'))
  await until('it is told', async () => (await failures()).join().includes('photo.missing'), 20_000)
  // The next delivery says which it is now.
  await put('subject.jpg', wrong)
  await change(subject, 'subject.jpg', { title: 'Keeper of Pictures' })
  await until('it is there', () => isShown(subject, wrong), 20_000)
  await until('and nothing is left', async () => (await failures()).length === 0, 20_000)
})

test('without the folder nobody loses a picture, and a leaver is out all the same', async () => {
  const folder = join(site.directory, 'photos')
  await rename(folder, `${folder}.away`)
  await change(subject, 'subject.jpg', { status: 'terminated' })
  await until('they are out', () => isShutOut(site, subject), 20_000)
  expect(isShown(subject, pictures.get('what nobody named') ?? null)).toBe(true)
  await rename(`${folder}.away`, folder)
})

test('no picture, and no digest of one, is in what Gatehouse keeps or says', async () => {
  const texts = [...pictures.values()].flatMap((bytes) => [
    bytes.subarray(4).toString(),
    // What of it is the same wherever it begins.
    bytes.subarray(3).toString('base64').slice(0, 40),
    bytes.toString('base64').slice(0, 40),
    createHash('sha256').update(bytes).digest('hex'),
  ])
  const { found, bytes } = await textsBelow(site.dataPath, texts)
  expect([found, bytes > 1_000_000]).toEqual([[], true])
  expect(textsIn(Buffer.from(site.said.join('\n')), texts)).toEqual([])
})

async function deliveredAt(): Promise<string | null | undefined> {
  return (await statusOf(gateway, site.token)).sources[0]?.lastDeliveryAt
}
