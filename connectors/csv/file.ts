/** Reads one file that somebody else may be writing: piece by piece, never through a link, and noticing any change. */
import { constants, lstatSync } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { csvError, systemCode } from './errors.ts'

const chunkBytes = 256 * 1024

/** What makes a file the same file with the same content, as far as the file system tells. */
export interface Identity {
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
}

export function sameIdentity(one: Identity, other: Identity): boolean {
  return one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs
}

/** Opens for reading; null when the file is gone or is a symbolic link. @throws ConnectorError `csv.file-unreadable` */
export async function openFile(path: string): Promise<FileHandle | null> {
  try {
    // Windows has no such flag; there the look at the folder has left links out already.
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ELOOP') return null
    throw csvError('csv.file-unreadable', undefined, error)
  }
}

/** Whether the path still leads to this very file, unchanged. @throws ConnectorError `csv.file-unreadable` */
export async function isUnchanged(path: string, identity: Identity): Promise<boolean> {
  try {
    return sameIdentity(await lstat(path, { bigint: true }), identity)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw csvError('csv.file-unreadable', undefined, error)
  }
}

/** As `isUnchanged`, without a turn of the event loop: for whoever acts on the answer at once. */
export function isStill(path: string, identity: Identity): boolean {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found !== undefined && sameIdentity(found, identity)
}

export interface Chunk {
  /** Holds other bytes as soon as the next chunk is asked for. */
  readonly bytes: Buffer
  /** The offset of its first byte. */
  readonly at: number
}

/** All bytes of a file of this size, in order; no chunk crosses a cut. Ends early when the file does. */
export async function* chunks(
  file: FileHandle,
  size: number,
  cuts: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  for (let at = 0; at < size; ) {
    signal.throwIfAborted()
    const stop = Math.min(size, ...cuts.filter((cut) => cut > at))
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, stop - at), at)
    if (bytesRead === 0) return
    yield { bytes: buffer.subarray(0, bytesRead), at }
    at += bytesRead
  }
}

/** The first `size` bytes as they lie there now; fewer when the file was cut or is gone. @throws ConnectorError `csv.file-unreadable` */
export async function* rawBytes(path: string, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await openFile(path)
  if (file === null) return
  try {
    for await (const { bytes } of chunks(file, size, [], signal)) yield bytes
  } finally {
    await file.close()
  }
}
