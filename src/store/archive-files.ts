/** The sealed files of the archive: named by random ids, whole or not there, and for the gateway's own user only. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { KeyId } from '../model/id.ts'

const ending = '.sealed'
const draftEnding = '.sealed.part'
const chunkBytes = 256 * 1024

function pathOf(folder: string, id: KeyId): string {
  return join(folder, id + ending)
}

/** Writes under another name, flushes, then renames: a crash leaves the whole file, or a draft that `listArchiveFiles` shows. */
export async function writeArchiveFile(folder: string, id: KeyId, sealed: AsyncIterable<Buffer>): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) await flushFolder(dirname(made))
  const draft = join(folder, id + draftEnding)
  const file = await open(draft, 'wx', 0o600)
  try {
    for await (const frame of sealed) await file.writeFile(frame)
    await file.sync()
    await file.close()
    await rename(draft, pathOf(folder, id))
    await flushFolder(folder)
  } catch (error) {
    await file.close()
    await rm(draft, { force: true })
    throw error
  }
}

// Without this the name itself may be lost in a power cut. Windows can't open folders and needs no such thing.
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Opened when the first chunk is asked for; a chunk holds other bytes as soon as the next one is. @throws the system's error */
export async function* readArchiveFile(folder: string, id: KeyId): AsyncGenerator<Buffer> {
  const file = await open(pathOf(folder, id), 'r')
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

export async function removeArchiveFile(folder: string, id: KeyId): Promise<void> {
  await rm(pathOf(folder, id), { force: true })
}

export async function hasArchiveFile(folder: string, id: KeyId): Promise<boolean> {
  return (await changedAt(pathOf(folder, id))) !== null
}

export interface ArchiveFile {
  readonly path: string
  /** Null for a draft. */
  readonly id: KeyId | null
}

/** Whole files and drafts; a folder that was never made holds none. */
export async function listArchiveFiles(folder: string): Promise<readonly ArchiveFile[]> {
  const names = await ifThere(readdir(folder))
  return (names ?? []).flatMap((name): ArchiveFile[] => {
    const path = join(folder, name)
    if (name.endsWith(draftEnding)) return [{ path, id: null }]
    return name.endsWith(ending) ? [{ path, id: name.slice(0, -ending.length) as KeyId }] : []
  })
}

/** True when the file was there, last written before `time`, and is gone now. */
export async function removeOlder(path: string, time: Date): Promise<boolean> {
  const at = await changedAt(path)
  if (at === null || at >= time) return false
  await rm(path, { force: true })
  return true
}

async function changedAt(path: string): Promise<Date | null> {
  return (await ifThere(stat(path)))?.mtime ?? null
}

async function ifThere<T>(look: Promise<T>): Promise<T | null> {
  return look.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}
