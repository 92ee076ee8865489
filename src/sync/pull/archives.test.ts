import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import type { KeyId, SubjectId } from '../../model/id.ts'
import { type Archivist, dayMs, deliveryOf, startArchivist } from './archive.fixture.ts'
import { destroyArchive, openArchive, sweepArchives } from './archives.ts'
import { pull } from './pull.ts'

const admin = '0b0f3a9e-6a3f-4f0c-9d5e-0000000000ad' as SubjectId
const reason = 'HR asks what was delivered'
const signal = new AbortController().signal
// More than two frames; the third cell is for nobody but the archive.
const workers = Array.from({ length: 300 }, (_, i) => `${i},Example${i},${'x'.repeat(500)}\n`).join('')

let archivist: Archivist
beforeAll(async () => {
  archivist = await startArchivist()
})
afterAll(() => archivist[Symbol.asyncDispose]())
beforeEach(async () => {
  await archivist.tamper('delete from archive; delete from audit_pending; delete from alarm')
  await archivist.tamper('update source set fingerprint = null')
  await rm(archivist.context.archiveFolder, { recursive: true, force: true })
  archivist.logged.length = 0
})

const take = (delivery = deliveryOf('17,Samplewoman\n'), source = archivist.source) =>
  pull(archivist.context, source, delivery, signal)

async function ids(): Promise<KeyId[]> {
  return (await archivist.rows<{ id: KeyId }>('select id from archive order by created_at')).map(({ id }) => id)
}

async function onlyId(): Promise<KeyId> {
  const all = await ids()
  expect(all).toHaveLength(1)
  return all[0] as KeyId
}

async function read(id: KeyId): Promise<string> {
  const { content } = await openArchive(archivist.context, id, admin, reason)
  const all: Buffer[] = []
  for await (const each of content) all.push(each as Buffer)
  return Buffer.concat(all).toString()
}

const pathOf = (name: string) => join(archivist.context.archiveFolder, name)
const actions = async () => (await archivist.audited()).map(({ action }) => action)

async function makeOlder(name: string, ms: number): Promise<void> {
  const at = new Date(archivist.context.now().getTime() - ms)
  await utimes(pathOf(name), at, at)
}

describe('a delivery that is taken in', () => {
  test('is kept as it came, sealed, for its owner only, before the source may clear it away', async () => {
    let before: readonly string[] = []
    const delivery = deliveryOf(workers, {
      onSettle: async () => {
        before = await archivist.files()
        expect(await ids()).toHaveLength(1)
      },
    })
    await take(delivery)
    const id = await onlyId()
    expect(before).toEqual([`${id}.sealed`])
    expect(delivery.settled).toEqual(['taken'])
    expect((await stat(archivist.context.archiveFolder)).mode & 0o777).toBe(0o700)
    expect((await stat(pathOf(`${id}.sealed`))).mode & 0o777).toBe(0o600)
    const bytes = await readFile(pathOf(`${id}.sealed`))
    expect(bytes.includes('Example')).toBe(false)
    expect(await read(id)).toBe(workers)
    const [row] = await archivist.rows<{ source: string; bytes: string; pull_id: string; kept: number }>(
      `select source, bytes, pull_id, extract(epoch from expires_at - created_at)::int as kept from archive`,
    )
    const [last] = await archivist.rows<{ id: string }>('select id from pull order by finished_at desc limit 1')
    expect(row).toEqual({ source: 'hr', bytes: String(workers.length), pull_id: last?.id, kept: 30 * 86_400 })
    expect(await archivist.audited()).toContainEqual({ action: 'source.archived', actor: 'source:hr', object: id })
  })

  test('is not kept where archives are off', async () => {
    const delivery = deliveryOf('17,Samplewoman\n')
    await take(delivery, { ...archivist.source, archiveKeepMs: null })
    expect(delivery.settled).toEqual(['taken'])
    expect(await ids()).toEqual([])
    expect(await archivist.files()).toEqual([])
  })

  test('is kept once, however often the same bytes come, and anew when they come after its time', async () => {
    await take()
    const first = await onlyId()
    archivist.pass(dayMs)
    expect((await take()).outcome).toBe('unchanged')
    expect(await onlyId()).toBe(first)
    // A new mapping reads the same file again; it stays the same file.
    expect((await take(deliveryOf('17,Samplewoman\n'), { ...archivist.source, mappingVersion: '2' })).outcome).toBe(
      'taken',
    )
    expect(await onlyId()).toBe(first)
    await take(deliveryOf('17,Other\n'))
    expect(await ids()).toHaveLength(2)
    archivist.pass(30 * dayMs)
    await take(deliveryOf('17,Other\n'))
    expect(await ids()).toHaveLength(3)
  })

  test('is kept when it is a repeat of which nothing is left that could be opened', async () => {
    await take()
    await rm(pathOf(`${await onlyId()}.sealed`))
    await take()
    expect(await ids()).toHaveLength(2)
    expect(await read((await ids())[1] as KeyId)).toBe('17,Samplewoman\n')
    await archivist.tamper(`update archive set expires_at = expires_at + interval '1 s'`)
    await take()
    expect(await ids()).toHaveLength(3)
  })

  test('is never settled when other bytes are found, or none can be had; nothing of them is kept', async () => {
    for (const [raw, code] of [
      ['17,Samplewoman\n18,Late\n', 'source.changed'],
      ['', 'source.changed'],
      [null, 'source.not-archivable'],
    ] as const) {
      const delivery = deliveryOf('17,Samplewoman\n', { raw })
      await expect(take(delivery)).rejects.toMatchObject({ kind: 'transient', code })
      expect(delivery.settled).toEqual([])
    }
    expect(await ids()).toEqual([])
    expect(await archivist.files()).toEqual([])
    // The next look finds the delivery again, known by its content, and keeps it then.
    expect((await take()).outcome).toBe('unchanged')
    expect(await ids()).toHaveLength(1)
  })

  test('is never settled while the folder can not be written', async () => {
    await mkdir(join(archivist.context.archiveFolder, '..'), { recursive: true })
    await writeFile(archivist.context.archiveFolder, 'in the way')
    const delivery = deliveryOf('17,Samplewoman\n')
    await expect(take(delivery)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(delivery.settled).toEqual([])
    await rm(archivist.context.archiveFolder)
    await take(delivery)
    expect(delivery.settled).toEqual(['taken'])
    expect(await read(await onlyId())).toBe('17,Samplewoman\n')
  })
})

describe('an archive that is opened', () => {
  test('is opened by name, with a reason, which is recorded before a byte leaves', async () => {
    await take()
    const id = await onlyId()
    const opened = await openArchive(archivist.context, id, admin, reason)
    expect(opened.bytes).toBe('17,Samplewoman\n'.length)
    expect((await archivist.audited()).at(-1)).toEqual({ action: 'source.archive-opened', actor: admin, object: id })
  })

  test('gives nothing out when the file was cut, changed or exchanged', async () => {
    await take(deliveryOf(workers))
    await take(deliveryOf(workers.replaceAll('Example', 'Another')))
    const [one, other] = (await ids()) as [KeyId, KeyId]
    const path = pathOf(`${one}.sealed`)
    const whole = await readFile(path)
    const flipped = Buffer.from(whole)
    flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 1
    for (const bytes of [whole.subarray(0, -1), flipped, await readFile(pathOf(`${other}.sealed`)), Buffer.alloc(0)]) {
      await writeFile(path, bytes)
      await expect(openArchive(archivist.context, one, admin, reason)).rejects.toMatchObject({
        code: 'archive.damaged',
      })
    }
    await rm(path)
    await expect(openArchive(archivist.context, one, admin, reason)).rejects.toMatchObject({ code: 'archive.not-here' })
    expect(await actions()).not.toContain('source.archive-opened')
    await writeFile(path, whole)
    expect(await read(one)).toBe(workers)
  })

  test('fails before its end when the file is changed after it was looked through', async () => {
    await take(deliveryOf(workers))
    const id = await onlyId()
    const { content } = await openArchive(archivist.context, id, admin, reason)
    const whole = await readFile(pathOf(`${id}.sealed`))
    await writeFile(pathOf(`${id}.sealed`), whole.subarray(0, -100))
    const readOn = async () => {
      for await (const _ of content);
    }
    await expect(readOn()).rejects.toMatchObject({ code: 'vault.open-failed' })
  })

  test.each([
    `expires_at = expires_at + interval '1 day'`,
    `source = 'other'`,
    `bytes = 1`,
    `wrapped = set_byte(wrapped, 20, 1)`,
    `guard = guard || '\\x00'`,
  ])('stays shut when its row was changed from outside: %s', async (change) => {
    await take()
    await archivist.tamper(`update archive set ${change}`)
    await expect(openArchive(archivist.context, await onlyId(), admin, reason)).rejects.toMatchObject({
      code: 'archive.forged',
    })
    expect(await archivist.alarms()).toEqual(['archive.forged'])
    expect(archivist.logged).toEqual(['source.delivered', 'archive.forged'])
  })

  test('stays shut to the key of another archive, under a guard of its own row', async () => {
    await take()
    await take(deliveryOf('18,Other\n'))
    const [one, other] = (await ids()) as [KeyId, KeyId]
    await rename(pathOf(`${other}.sealed`), pathOf(`${one}.sealed`))
    await expect(openArchive(archivist.context, one, admin, reason)).rejects.toMatchObject({ code: 'archive.damaged' })
  })

  test('can not be opened once its time is over, though the sweep has not come yet', async () => {
    await take()
    const id = await onlyId()
    archivist.pass(30 * dayMs)
    await expect(openArchive(archivist.context, id, admin, reason)).rejects.toMatchObject({ code: 'archive.unknown' })
  })
})

describe('an archive that is destroyed', () => {
  test('by name: key and file are gone, and cannot be destroyed twice', async () => {
    await take()
    const id = await onlyId()
    await destroyArchive(archivist.context, id, admin, 'delivered by mistake')
    expect([await ids(), await archivist.files()]).toEqual([[], []])
    expect((await archivist.audited()).at(-1)).toEqual({ action: 'source.archive-destroyed', actor: admin, object: id })
    await expect(openArchive(archivist.context, id, admin, reason)).rejects.toMatchObject({ code: 'archive.unknown' })
    await expect(destroyArchive(archivist.context, id, admin, reason)).rejects.toMatchObject({
      code: 'archive.unknown',
    })
  })

  test('by the clock, at its time and not before, whatever a thief wrote into its row', async () => {
    await take()
    await take(deliveryOf('18,Other\n'))
    archivist.pass(30 * dayMs - 1)
    await sweepArchives(archivist.context, signal)
    expect(await archivist.files()).toHaveLength(2)
    await archivist.tamper(`update archive set source = 'other' where id = $1`, [(await ids())[0]])
    archivist.pass(1)
    await sweepArchives(archivist.context, signal)
    expect([await ids(), await archivist.files()]).toEqual([[], []])
    const destroyed = (await archivist.audited()).filter(({ action }) => action === 'source.archive-destroyed')
    expect(destroyed.map(({ actor }) => actor)).toEqual(['clock', 'clock'])
    expect(await archivist.alarms()).toEqual([])
  })
})

test('a row that was changed is found by the clock as well; destroying it by name ends the alarm', async () => {
  await take()
  await take(deliveryOf('18,Other\n'))
  const [changed = '' as KeyId, other] = await ids()
  await archivist.tamper(`update archive set expires_at = expires_at + interval '1 year' where id = $1`, [changed])
  await sweepArchives(archivist.context, signal)
  await sweepArchives(archivist.context, signal)
  expect(await archivist.rows('select scope from alarm where cleared_at is null')).toEqual([{ scope: changed }])
  expect(archivist.logged.filter((event) => event === 'archive.forged')).toHaveLength(1)
  await destroyArchive(archivist.context, changed, admin, 'somebody changed its row')
  await sweepArchives(archivist.context, signal)
  expect(await archivist.alarms()).toEqual([])
  expect(await ids()).toEqual([other])
})

test('a thousand archives are all gone through, also when the gateway stops in between', async () => {
  await take()
  const kept = `${await onlyId()}.sealed`
  await archivist.tamper(
    `insert into archive select gen_random_uuid(), source, pull_id, fingerprint, bytes, created_at, expires_at - interval '1 day', epoch, wrapped, guard
       from archive, generate_series(1, 1100)`,
  )
  archivist.pass(29 * dayMs)
  await makeOlder(kept, dayMs)
  const stopping = new AbortController()
  const stopped = sweepArchives(archivist.context, stopping.signal)
  await until('a few are gone', async () => (await ids()).length < 1101)
  stopping.abort()
  await stopped
  // Cut off half-way, it takes no file for a stray whose row it has not seen.
  expect(await archivist.files()).toHaveLength(1)
  expect((await ids()).length).toBeGreaterThan(1)
  await sweepArchives(archivist.context, signal)
  expect(await ids()).toHaveLength(1)
})

describe('what a crash leaves behind', () => {
  test('a draft, or a file without its row, goes when it is too old to be still in the making', async () => {
    await take()
    const kept = `${await onlyId()}.sealed`
    await writeFile(pathOf('0b0f3a9e-6a3f-4f0c-9d5e-000000000001.sealed'), 'no key')
    await writeFile(pathOf('0b0f3a9e-6a3f-4f0c-9d5e-000000000002.sealed.part'), 'no end')
    await writeFile(pathOf('read-me.txt'), 'of somebody else')
    await makeOlder('0b0f3a9e-6a3f-4f0c-9d5e-000000000001.sealed', 9 * 60_000)
    await makeOlder('0b0f3a9e-6a3f-4f0c-9d5e-000000000002.sealed.part', 9 * 60_000)
    await makeOlder(kept, dayMs)
    await makeOlder('read-me.txt', dayMs)
    await sweepArchives(archivist.context, signal)
    expect(await archivist.files()).toHaveLength(4)
    await makeOlder('0b0f3a9e-6a3f-4f0c-9d5e-000000000001.sealed', 11 * 60_000)
    await makeOlder('0b0f3a9e-6a3f-4f0c-9d5e-000000000002.sealed.part', 11 * 60_000)
    await sweepArchives(archivist.context, signal)
    expect(new Set(await archivist.files())).toEqual(new Set([kept, 'read-me.txt']))
  })

  test('a row without its file keeps its key and calls a person, for the folder may come back', async () => {
    await take()
    const { archiveFolder } = archivist.context
    await rename(archiveFolder, `${archiveFolder}-away`)
    await sweepArchives(archivist.context, signal)
    expect(await ids()).toHaveLength(1)
    expect(await archivist.alarms()).toEqual(['archive.lost'])
    expect(archivist.logged).toContain('archive.lost')
    await rename(`${archiveFolder}-away`, archiveFolder)
    await sweepArchives(archivist.context, signal)
    expect(await archivist.alarms()).toEqual([])
    expect(await read(await onlyId())).toBe('17,Samplewoman\n')
  })

  test('a folder that can not be listed is an alarm, and stops nobody', async () => {
    await mkdir(join(archivist.context.archiveFolder, '..'), { recursive: true })
    await writeFile(archivist.context.archiveFolder, 'in the way')
    await sweepArchives(archivist.context, signal)
    await sweepArchives(archivist.context, signal)
    expect(await archivist.alarms()).toEqual(['archive.failed'])
    expect(archivist.logged.filter((event) => event === 'archive.failed')).toHaveLength(1)
    await rm(archivist.context.archiveFolder)
    await sweepArchives(archivist.context, signal)
    expect(await archivist.alarms()).toEqual([])
  })
})
