/** A share with pictures that hangs keeps no row of anybody waiting. */
import { mkdtemp, type open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { allPages, dropFolder } from './fixture.ts'

/** Settles when the share answers again. */
let back = Promise.withResolvers<void>()
beforeEach(() => {
  back = Promise.withResolvers()
})

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const slow: typeof open = async (path, ...rest) => {
    if (String(path).includes('gatehouse-share-')) await back.promise
    return real.open(path, ...rest)
  }
  return { ...real, open: slow }
})

test('pictures of a share that hangs are given up together, and read again when it is back', async () => {
  const share = await mkdtemp(join(tmpdir(), 'gatehouse-share-'))
  onTestFinished(() => rm(share, { recursive: true, force: true }))
  await writeFile(join(share, '1.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0]))
  const folder = await dropFolder({ settle_ms: 0, photos: { column: 'photo', folder: share } })
  const cells = async () => {
    await folder.write('workers.csv', `id,photo\n${Array.from({ length: 50 }, (_, at) => `${at},1.jpg\n`).join('')}`)
    const delivery = await folder.readSettled()
    const { records, end } = await allPages(delivery)
    await delivery?.settle('taken')
    expect(end).toEqual({ complete: true, records: 50, problems: 0 })
    return new Set(records.map(({ cells }) => cells.photo?.slice(0, 6)))
  }
  const begun = performance.now()
  expect(await cells()).toEqual(new Set(['unread']))
  // Not one after the other.
  expect(performance.now() - begun).toBeLessThan(20_000)
  const fetched = folder.people.photo?.('1.jpg', new AbortController().signal)
  await expect(fetched).rejects.toMatchObject({ kind: 'transient', code: 'csv.photo-unreadable' })
  back.resolve()
  await new Promise(setImmediate)
  await expect.poll(cells).not.toEqual(new Set(['unread']))
})
