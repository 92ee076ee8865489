/** Proves that a sealed file opens for an admin with a name and a reason in the audit trail, and that nothing else does. */
import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { SubscriptionConfig } from '../../config/config.ts'
import file from '../../connectors/file/index.ts'
import type { OutgoingEvent } from '../connector/contract.ts'
import { noCalls } from '../connector/http.ts'
import type { SubjectId } from '../model/id.ts'
import { useEngine } from '../sync/fixtures/engine.fixture.ts'
import { fileSealer } from './file-sealer.ts'
import { openSinkFile } from './open-sink-file.ts'

const engine = useEngine()
const never = new AbortController().signal
const by = { subject: randomUUID() as SubjectId, reason: 'the payroll run' }
const name = 'punches-2026-11-26.jsonl.sealed'
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const event: OutgoingEvent = {
  ...{ specversion: '1.0', id: 'a1', source: '/gatehouse/g/hq', type: 'org.gatehouse.access.granted.v1' },
  ...{ time: '2026-11-26T10:00:00.000Z', datacontenttype: 'application/json', sequence: '1', data: { door: 'North' } },
}

/** A folder with one finished file of the subscription `payroll`. */
async function deliver() {
  await engine.begin()
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-open-'))
  folders.push(folder)
  const config = { connector: 'file', settings: { folder, name: 'punches', zone: 'UTC' } } as Pick<
    SubscriptionConfig,
    'connector' | 'settings'
  > as SubscriptionConfig
  let now = new Date('2026-11-26T12:00:00Z')
  const context = { http: noCalls, wires: { open: noCalls.request as never }, log: () => undefined, now: () => now }
  const sealer = fileSealer(engine.vault, 'payroll')
  const { sink, close } = await file.connect(
    file.settings.parse(config.settings),
    { ...context, sealer, feed: 'events' },
    never,
  )
  await sink.deliver([event], never)
  now = new Date('2026-11-27T12:00:00Z')
  await sink.tend?.(never)
  await close()
  expect(await readdir(folder)).toEqual([name])
  return { folder, config }
}

const openAs = (config: SubscriptionConfig, file: string, id = 'payroll') =>
  openSinkFile(engine, { setup: { id }, config }, file, by)

test('a sealed file opens as text, after an entry in the audit trail', async () => {
  const { config } = await deliver()
  const { bytes, content } = await openAs(config, name)
  let text = ''
  for await (const piece of content) text += piece
  expect(Buffer.byteLength(text)).toBe(bytes)
  expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual(event)
  expect(text).toContain('"total":{"count":1')
  const { rows } = await engine.database.pool.query(
    `select action, object from audit_pending where action like 'subscription.%'`,
  )
  expect(rows).toEqual([{ action: 'subscription.file-opened', object: 'payroll' }])
})

test('what is not there, was changed, or is of another subscription does not open, and nobody is said to have read it', async () => {
  const { config, folder } = await deliver()
  await expect(openAs(config, 'punches-2026-11-25.jsonl.sealed')).rejects.toMatchObject({
    code: 'subscription.file-unknown',
  })
  await expect(openAs(config, name, 'other')).rejects.toMatchObject({ code: 'subscription.file-damaged' })
  await expect(openAs({ ...config, connector: 'webhook' }, name)).rejects.toMatchObject({
    code: 'subscription.no-files',
  })
  // What the file system says is no damage of a file.
  await mkdir(join(folder, 'punches-2026-11-24.jsonl.sealed'))
  await expect(openAs(config, 'punches-2026-11-24.jsonl.sealed')).rejects.toMatchObject({ code: 'EISDIR' })
  await appendFile(join(folder, name), 'QUJD\n')
  await expect(openAs(config, name)).rejects.toMatchObject({ code: 'subscription.file-damaged' })
  const { rows } = await engine.database.pool.query(
    `select 1 from audit_pending where action = 'subscription.file-opened'`,
  )
  expect(rows).toEqual([])
})
