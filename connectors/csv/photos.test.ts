import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parsePhoto, photoBytesMax } from '../../src/model/photo.ts'
import { allPages, dropFolder } from './fixture.ts'

const never = new AbortController().signal
const jpeg = (of: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(of)])
const png = (of: string) => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(of)])
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function photoFolder() {
  const outer = await mkdtemp(join(tmpdir(), 'gatehouse-photos-'))
  onTestFinished(() => rm(outer, { recursive: true, force: true }))
  const path = join(outer, 'photos')
  await mkdir(path)
  const folder = await dropFolder({ settle_ms: 0, after: 'delete', photos: { column: 'photo', folder: path } })
  let files = 0
  return {
    ...folder,
    outer,
    photos: path,
    put: (name: string, bytes: Buffer) => writeFile(join(path, name), bytes),
    /** The cells that a file with these cells becomes. */
    async cells(...names: readonly string[]): Promise<(string | null | undefined)[]> {
      files += 1
      const rows = names.map((name, at) => `${at},"${name.replaceAll('"', '""')}"`)
      await folder.write(`workers-${files}.csv`, ['id,photo', ...rows, ''].join('\n'))
      const delivery = await folder.readSettled()
      const { records, end } = await allPages(delivery)
      await delivery?.settle('taken')
      expect(end).toMatchObject({ complete: true, problems: 0 })
      return records.map(({ cells }) => cells.photo)
    },
    fetch: (reference: string) => folder.people.photo?.(reference, never),
  }
}

describe('a cell that names a picture', () => {
  it('says which one it is, and leads to its bytes', async () => {
    const folder = await photoFolder()
    const [one, two] = [jpeg('one'), png('two')]
    await folder.put('1.jpg', one)
    await folder.put('zwei Ä.png', two)
    expect(await folder.cells('1.jpg', 'zwei Ä.png', '')).toEqual([
      `${sha256(one)} 1.jpg`,
      `${sha256(two)} zwei Ä.png`,
      null,
    ])
    expect([await folder.fetch('1.jpg'), await folder.fetch('zwei Ä.png')]).toEqual([one, two])
    expect(folder.log).toEqual([])
  })

  it('says another one when the file is another, and reads no file again that is not', async () => {
    const folder = await photoFolder()
    const [one, two] = [jpeg('one'), jpeg('two')]
    await folder.put('1.jpg', one)
    await folder.cells('1.jpg')
    // Unreadable by now, but nobody reads it.
    await chmod(join(folder.photos, '1.jpg'), 0o600)
    expect(await folder.cells('1.jpg')).toEqual([`${sha256(one)} 1.jpg`])
    // Of the same size, put in its place.
    await folder.put('new.jpg', two)
    await rename(join(folder.photos, 'new.jpg'), join(folder.photos, '1.jpg'))
    expect(await folder.cells('1.jpg')).toEqual([`${sha256(two)} 1.jpg`])
  })

  it('says that it could not be read where there is no such picture, and all else of the row stands', async () => {
    const folder = await photoFolder()
    await folder.put('text.jpg', Buffer.from('<html>'))
    await folder.put('empty.jpg', Buffer.alloc(0))
    await folder.put('large.jpg', Buffer.concat([jpeg(''), Buffer.alloc(photoBytesMax)]))
    await mkdir(join(folder.photos, 'folder.jpg'))
    execFileSync('mkfifo', [join(folder.photos, 'pipe.jpg')])
    const names = ['text.jpg', 'empty.jpg', 'large.jpg', 'folder.jpg', 'pipe.jpg', 'missing.jpg']
    expect(await folder.cells(...names)).toEqual(names.map(() => 'unread'))
    expect(folder.log).toEqual([{ level: 'warn', event: 'csv.photos-unread', fields: { count: names.length } }])
    for (const name of names) expect(await folder.fetch(name)).toBeNull()
  })

  it('takes a picture of exactly the largest size', async () => {
    const folder = await photoFolder()
    const bytes = Buffer.concat([jpeg(''), Buffer.alloc(photoBytesMax - 4)])
    await folder.put('1.jpg', bytes)
    expect(await folder.cells('1.jpg')).toEqual([`${sha256(bytes)} 1.jpg`])
  })

  it('is not read where the folder is away, and says what it said when that is back', async () => {
    const folder = await photoFolder()
    const one = jpeg('one')
    await folder.put('1.jpg', one)
    await rename(folder.photos, `${folder.photos}.away`)
    expect([await folder.cells('1.jpg'), (await folder.connection.health(never)).problems]).toMatchObject([
      ['unread'],
      expect.arrayContaining([expect.objectContaining({ code: 'csv.photos-missing' })]),
    ])
    await rename(`${folder.photos}.away`, folder.photos)
    expect(await folder.cells('1.jpg')).toEqual([`${sha256(one)} 1.jpg`])
    const { problems } = await folder.connection.health(never)
    expect(problems.map(({ code }) => code)).not.toContain('csv.photos-missing')
  })

  it('ends with the signal, between two files', async () => {
    const folder = await photoFolder()
    await folder.write('workers.csv', 'id,photo\n1,1.jpg\n')
    const delivery = await folder.readSettled()
    await expect(allPages(delivery, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  it('is a name like any other without the setting, and there are no pictures then', async () => {
    const folder = await dropFolder({ settle_ms: 0 })
    await folder.write('workers.csv', 'id,photo\n1,1.jpg\n')
    const { records } = await allPages(await folder.readSettled())
    expect([records[0]?.cells.photo, folder.people.photo]).toEqual(['1.jpg', undefined])
  })
})

it('whatever a cell says, nothing outside of the folder is read, nor through a link', async () => {
  const folder = await photoFolder()
  const [secret, mine] = [jpeg('not yours'), jpeg('mine')]
  await writeFile(join(folder.outer, 'secret.jpg'), secret)
  await mkdir(join(folder.photos, 'deep'))
  await writeFile(join(folder.photos, 'deep', 'secret.jpg'), secret)
  await folder.put('mine.jpg', mine)
  await folder.put('.hidden.jpg', secret)
  await symlink('../secret.jpg', join(folder.photos, 'link.jpg'))
  await symlink('mine.jpg', join(folder.photos, 'near.jpg'))
  await symlink('..', join(folder.photos, 'up'))
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    'up',
    'deep',
    'secret.jpg',
    'mine.jpg',
    'link.jpg',
    'near.jpg',
    '~',
  )
  const name = fc.oneof(
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('/')),
    fc.constantFrom(join(folder.outer, 'secret.jpg'), '.hidden.jpg', 'mine.jpg\0', 'mine.jpg/', 'file:mine.jpg'),
    fc.string({ unit: 'binary', maxLength: 300 }),
  )
  await fc.assert(
    fc.asyncProperty(name, async (text) => {
      const found = await folder.fetch(text)
      if (text === 'mine.jpg') expect(found).toEqual(mine)
      else expect(found).toBeNull()
    }),
    { numRuns: 300 },
  )
  const names = ['../secret.jpg', 'deep/secret.jpg', 'link.jpg', 'up/secret.jpg', 'near.jpg', '.hidden.jpg', 'mine.jpg']
  const cells = await folder.cells(...names)
  expect(cells.map((cell) => parsePhoto(cell ?? '')?.sha256)).toEqual([...Array(6), sha256(mine)])
})
