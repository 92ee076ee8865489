import { createHash } from 'node:crypto'
import { renameSync } from 'node:fs'
import { appendFile, mkdir, readdir, rename, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { allPages, dropFolder } from './fixture.ts'

const content = 'id,name\n1,Ada\n2,Bob\n'
const hash = createHash('sha256').update(content).digest('hex')

describe('standing still', () => {
  it('offers a file only when two looks far enough apart find it unchanged', async () => {
    const folder = await dropFolder({ settle_ms: 2000 })
    await folder.write('workers.csv', content)
    expect(await folder.read()).toBeNull()
    folder.tick(1999)
    expect(await folder.read()).toBeNull()
    folder.tick(1)
    const delivery = await folder.read()
    expect(delivery).toMatchObject({ name: 'workers.csv', mode: 'full', settledMs: 2000 })
    expect(delivery?.arrivedAt).toEqual(new Date('2026-11-24T08:00:02Z'))
    expect(delivery?.fingerprint?.toString('hex')).toBe(hash)
  })

  it('waits for a file that grows', async () => {
    const folder = await dropFolder({ settle_ms: 2000 })
    await folder.write('workers.csv', 'id,name\n')
    for (const row of ['1,Ada\n', '2,Bob\n']) {
      expect(await folder.read()).toBeNull()
      folder.tick(1500)
      await appendFile(folder.at('workers.csv'), row)
    }
    expect(await folder.read()).toBeNull()
    folder.tick(2000)
    const delivery = await folder.read()
    expect(delivery?.settledMs).toBe(5000)
    expect((await allPages(delivery)).end).toEqual({ complete: true, records: 2, problems: 0 })
  })

  it.each([
    ['workers.csv.part'],
    ['workers.csv.tmp'],
    ['workers.csv.filepart'],
    ['.workers.csv'],
    ['workers.csv.refused'],
  ])('never reads %s', async (name) => {
    const folder = await dropFolder({ pattern: '*' })
    await folder.write(name, content)
    expect(await folder.readSettled()).toBeNull()
  })

  it('reads no links and no folders', async () => {
    const folder = await dropFolder()
    const elsewhere = await dropFolder()
    await elsewhere.write('secret.txt', content)
    await symlink(elsewhere.at('secret.txt'), folder.at('link.csv'))
    await mkdir(folder.at('folder.csv'))
    expect(await folder.readSettled()).toBeNull()
  })
})

describe('done marker', () => {
  it.each(['workers.csv.done', 'workers.done'])('waits for %s, however long the file stands still', async (marker) => {
    const folder = await dropFolder({ done_marker: '.done' })
    await folder.write('workers.csv', content)
    await folder.read()
    folder.tick(60_000)
    expect(await folder.read()).toBeNull()
    await folder.write(marker, '')
    const delivery = await folder.read()
    expect(delivery?.settledMs).toBe(60_000)
    await delivery?.settle('taken')
    expect(await readdir(folder.path)).toEqual([])
  })

  it('does not take the marker of the delivery before', async () => {
    const folder = await dropFolder({ done_marker: '.done', after: 'keep' })
    await folder.write('workers.csv.done', '')
    await utimes(folder.at('workers.csv.done'), new Date('2026-01-01'), new Date('2026-01-01'))
    await folder.write('workers.csv', content)
    expect(await folder.readSettled()).toBeNull()
  })

  it('compares a SHA-256 in it with the file', async () => {
    const folder = await dropFolder({ done_marker: '.sha256' })
    await folder.write('workers.csv', content)
    await folder.write('workers.csv.sha256', '')
    expect(await folder.read()).toBeNull()
    await folder.write('workers.csv.sha256', `${hash}  workers.csv\n`)
    expect((await folder.read())?.name).toBe('workers.csv')
    await folder.write('workers.csv.sha256', hash.replace(/./g, '0'))
    await expect(folder.read()).rejects.toMatchObject({ kind: 'rejected', code: 'csv.control-total' })
    expect(await readdir(folder.path)).toEqual(['workers.csv.refused'])
  })

  it('refuses a .sha256 file that holds none', async () => {
    const folder = await dropFolder({ done_marker: '.sha256' })
    await folder.write('workers.csv', content)
    await folder.write('workers.csv.sha256', 'ok')
    await expect(folder.read()).rejects.toMatchObject({ code: 'csv.control-total' })
  })
})

describe('order and mode', () => {
  it('offers by the date in the name, else by the time of the file, oldest first', async () => {
    const folder = await dropFolder()
    for (const name of ['w_20261103.csv', 'w-2026-11-02.csv', 'w-2026-11-02T1530.csv', 'plain.csv']) {
      await folder.write(name, `id\n${name}\n`)
    }
    await utimes(folder.at('plain.csv'), new Date('2026-11-01'), new Date('2026-11-01'))
    const names: (string | undefined)[] = []
    for (let delivery = await folder.readSettled(); delivery !== null; delivery = await folder.readSettled()) {
      names.push(delivery.name)
      await delivery.settle('taken')
    }
    expect(names).toEqual(['plain.csv', 'w-2026-11-02.csv', 'w-2026-11-02T1530.csv', 'w_20261103.csv'])
  })

  it('refuses an older date after a newer one was taken, and takes the same date again', async () => {
    const folder = await dropFolder()
    await folder.write('w-2026-11-03.csv', content)
    await (await folder.readSettled())?.settle('taken')
    await folder.write('w-2026-11-02.csv', content)
    await expect(folder.readSettled()).rejects.toMatchObject({ kind: 'rejected', code: 'csv.older-than-taken' })
    await folder.write('w-2026-11-03.csv', content)
    expect((await folder.readSettled())?.name).toBe('w-2026-11-03.csv')
    expect((await readdir(folder.path)).sort()).toEqual(['w-2026-11-02.csv.refused', 'w-2026-11-03.csv'])
  })

  it('tells deltas from full files by their names, whatever the case', async () => {
    const folder = await dropFolder({ pattern: 'all-?.csv', delta_pattern: 'delta-*.csv' })
    await folder.write('other.csv', content)
    await folder.write('ALL-1.CSV', content)
    const full = await folder.readSettled()
    expect(full).toMatchObject({ name: 'ALL-1.CSV', mode: 'full' })
    await full?.settle('taken')
    await folder.write('delta-1.csv', content)
    expect(await folder.readSettled()).toMatchObject({ name: 'delta-1.csv', mode: 'delta' })
  })
})

describe('settling', () => {
  it.each([
    ['delete', 'taken', []],
    ['delete', 'refused', ['w.csv.refused']],
    ['keep', 'taken', ['w.csv']],
    ['keep', 'refused', ['w.csv']],
    ['move', 'taken', ['done', 'done/w.csv.20261124T080002.000Z']],
    ['move', 'refused', ['refused', 'refused/w.csv.20261124T080002.000Z']],
  ] as const)('%s, %s: clears the file away and does not offer it again', async (after, outcome, left) => {
    const folder = await dropFolder({ after })
    await folder.write('w.csv', content)
    const delivery = await folder.readSettled()
    await delivery?.settle(outcome)
    await delivery?.settle(outcome)
    expect((await readdir(folder.path, { recursive: true })).sort()).toEqual(left)
    expect(await folder.readSettled()).toBeNull()
    await folder.write('w.csv', `${content}3,New\n`)
    expect((await folder.readSettled())?.name).toBe('w.csv')
  })

  it('leaves a new delivery under the same name alone', async () => {
    const folder = await dropFolder()
    await folder.write('w.csv', content)
    const delivery = await folder.readSettled()
    await folder.write('w.csv', `${content}3,New\n`)
    await delivery?.settle('taken')
    expect((await allPages(await folder.readSettled())).records).toHaveLength(3)
  })

  it('leaves one alone that comes while the old one is cleared away, at whatever moment', async () => {
    const folder = await dropFolder()
    for (let round = 0; round < 100; round += 1) {
      await folder.write('w.csv', content)
      await folder.write('next.part', `${content}${round},New\n`)
      const delivery = await folder.readSettled()
      const settled = delivery?.settle('taken')
      for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      renameSync(folder.at('next.part'), folder.at('w.csv'))
      await settled
      expect(await readdir(folder.path)).toEqual(['w.csv'])
      await (await folder.readSettled())?.settle('taken')
    }
  })

  it('offers the same file until it is settled', async () => {
    const folder = await dropFolder()
    await folder.write('w.csv', content)
    await folder.readSettled()
    expect((await folder.read())?.name).toBe('w.csv')
  })

  it('says so when the file can not be cleared away, and still does not offer it again', async () => {
    const folder = await dropFolder({ after: 'move' })
    await folder.write('w.csv', content)
    await folder.write('done', 'a file where the folder should be')
    const delivery = await folder.readSettled()
    await expect(delivery?.settle('taken')).rejects.toMatchObject({ kind: 'transient', code: 'csv.settle-failed' })
    expect(await folder.read()).toBeNull()
    await unlink(folder.at('done'))
    await delivery?.settle('taken')
    expect(await readdir(folder.path)).toEqual(['done'])
  })
})

describe('a file that changes while it is read', () => {
  const many = `id,name\n${'1,Example Person\n'.repeat(60_000)}`

  it.each([
    ['grows', (path: string) => appendFile(path, '2,Late\n')],
    ['is cut', (path: string) => writeFile(path, many.slice(0, 500_000))],
    [
      'is replaced by an equal one',
      (path: string) => writeFile(`${path}.tmp`, many).then(() => rename(`${path}.tmp`, path)),
    ],
    ['is deleted', (path: string) => unlink(path)],
  ])('is never complete when it %s', async (_name, change) => {
    const folder = await dropFolder()
    await folder.write('w.csv', many)
    const delivery = await folder.readSettled()
    const iterator = delivery?.pages(new AbortController().signal)
    await iterator?.next()
    await change(folder.at('w.csv'))
    let step = await iterator?.next()
    while (step !== undefined && !step.done) step = await iterator?.next()
    expect(step?.value).toMatchObject({ complete: false })
    if (delivery !== null) expect((await allPages(delivery)).end.complete).toBe(false)
  })

  it('is noticed although size and time are as before', async () => {
    const folder = await dropFolder()
    await folder.write('w.csv', many)
    const past = new Date('2026-11-01T00:00:00Z')
    await utimes(folder.at('w.csv'), past, past)
    const delivery = await folder.readSettled()
    await writeFile(folder.at('w.csv'), many.replaceAll('Person', 'Nobody'))
    await utimes(folder.at('w.csv'), past, past)
    expect((await allPages(delivery)).end).toMatchObject({ complete: false, records: 60_000 })
  })
})

describe('cancelling', () => {
  it('ends reading at once, before, within the first pass and between pages', async () => {
    const folder = await dropFolder()
    await folder.write('w.csv', `id,name\n${'1,Example Person\n'.repeat(60_000)}`)
    const reason = new Error('enough')
    await expect(folder.people.read(AbortSignal.abort(reason), null)).rejects.toBe(reason)
    const delivery = await folder.readSettled()
    const during = new AbortController()
    const reading = folder.people.read(during.signal, null)
    setImmediate(() => during.abort(reason))
    await expect(reading).rejects.toBe(reason)
    const controller = new AbortController()
    const iterator = delivery?.pages(controller.signal)
    await iterator?.next()
    controller.abort(reason)
    const rest = async () => {
      while (!(await iterator?.next())?.done);
    }
    await expect(rest()).rejects.toBe(reason)
    await expect(allPages(delivery, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('a folder that is lost', () => {
  it('is a transient error, logged once when it goes and once when it is back', async () => {
    const folder = await dropFolder()
    const away = `${folder.path}-away`
    await rename(folder.path, away)
    for (let look = 0; look < 3; look++) {
      await expect(folder.read()).rejects.toMatchObject({ kind: 'transient', code: 'csv.folder-missing' })
      folder.tick(1000)
    }
    expect((await folder.connection.health(new AbortController().signal)).problems[0]?.code).toBe('csv.folder-missing')
    await rename(away, folder.path)
    await folder.read()
    await folder.read()
    expect(folder.log).toEqual([
      { level: 'warn', event: 'csv.folder-missing', fields: undefined },
      { level: 'info', event: 'csv.folder-back', fields: { goneMs: 3000 } },
    ])
  })
})
