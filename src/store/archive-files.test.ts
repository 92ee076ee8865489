import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { KeyId } from '../model/id.ts'
import { listArchiveFiles, readArchiveFile, writeArchiveFile } from './archive-files.ts'

async function temporaryFolder(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'gatehouse-archive-'))
  onTestFinished(() => rm(place, { recursive: true, force: true }))
  return join(place, 'archive')
}

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('begun')
  throw new Error('the source is gone')
}

async function* seventeen(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(17, 1)
}

test('a process killed at any moment leaves whole files under their names, one draft at most, and nothing readable', async () => {
  const text = 'Zelda Samplewoman;'.repeat(3_000)
  const length = text.length * 8
  const sealedLength = length + Math.ceil(length / 65_536) * 17
  let done = 0
  for (const afterMs of [0, 7, 31, 70, 150]) {
    const folder = await temporaryFolder()
    const child = spawn(process.execPath, [join(import.meta.dirname, 'archive-writer.fixture.ts'), folder, text, '8'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await once(child.stdout, 'data')
    await sleep(afterMs)
    child.kill('SIGKILL')
    await once(child, 'close')

    const files = await listArchiveFiles(folder)
    expect(files).toHaveLength((await readdir(folder)).length)
    expect(files.filter(({ id }) => id === null).length).toBeLessThanOrEqual(1)
    for (const { path, id } of files) {
      if (id !== null) expect((await stat(path)).size).toBe(sealedLength)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect((await readFile(path)).includes('Sample')).toBe(false)
    }
    const finished = said.split('\n').slice(0, -1)
    expect(files.map(({ id }) => id)).toEqual(expect.arrayContaining(finished))
    done += finished.length
  }
  expect(done).toBeGreaterThan(4)
})

test('what fails while it is written is not there, and its own failure is what the caller hears', async () => {
  const folder = await temporaryFolder()
  const id = '0b0f3a9e-6a3f-4f0c-9d5e-000000000001' as KeyId
  await expect(writeArchiveFile(folder, id, failing())).rejects.toThrow('the source is gone')
  expect(await readdir(folder)).toEqual([])
  await writeArchiveFile(folder, id, seventeen())
  const all: Buffer[] = []
  for await (const chunk of readArchiveFile(folder, id)) all.push(Buffer.from(chunk))
  expect(Buffer.concat(all).equals(Buffer.alloc(17, 1))).toBe(true)
})
