/** Reads files that only their owner may touch, and writes them whole or not at all. */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { VaultError } from './vault-error.ts'

/**
 * - `owner`: nobody else may read or write.
 * - `service-manager`: the group may read. systemd gives the service's user access by an access control list, whose mask shows
 *   as the group's bits, inside a folder that only this user can enter (systemd.exec(5), LoadCredential=).
 */
export type Exposure = 'owner' | 'service-manager'

const bytesMax = 1024 * 1024

/** Whether the file can be trusted with a key. Where the system knows no owners (Windows: `user` undefined), only its kind counts. */
export function isPrivate(
  stats: Pick<Stats, 'mode' | 'uid' | 'size' | 'isFile'>,
  exposure: Exposure,
  user: number | undefined,
): boolean {
  if (!stats.isFile() || stats.size > bytesMax) return false
  if (user === undefined) return true
  const forbidden = exposure === 'owner' ? 0o077 : 0o037
  return (stats.mode & forbidden) === 0 && (stats.uid === user || stats.uid === 0)
}

/** @throws VaultError `vault.file-missing`, `vault.file-unsafe`. */
export function readPrivateFile(path: string, exposure: Exposure = 'owner'): Buffer {
  let file: number
  try {
    // Not blocking: opening a pipe would wait for its writer for ever.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch {
    throw new VaultError('vault.file-missing', path)
  }
  try {
    // The open file is looked at, not the path, which could name another one by now.
    if (!isPrivate(fstatSync(file), exposure, process.getuid?.())) throw new VaultError('vault.file-unsafe', path)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Writes beside the path, flushes, then puts the file in place with mode 0600: a crash leaves the old file or the new one.
 * @throws VaultError `vault.file-exists` (only with `replace: false`), `vault.file-not-written`.
 */
export function writePrivateFile(path: string, content: Buffer | string, options: { readonly replace: boolean }): void {
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFlushed(draft, content)
    if (options.replace) renameSync(draft, path)
    else placeNew(draft, path)
    flushFolderOf(path)
  } catch (error) {
    if (existsSync(draft)) unlinkSync(draft)
    if (error instanceof VaultError) throw error
    throw new VaultError('vault.file-not-written', path)
  }
}

function writeFlushed(path: string, content: Buffer | string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    const bytes = Buffer.from(content)
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    bytes.fill(0)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

// A rename would replace what another process created meanwhile; a link refuses.
function placeNew(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new VaultError('vault.file-exists', path) : error
  }
  unlinkSync(draft)
}

/** Without this the name itself may be lost in a power cut. Windows can't open folders and needs no such thing. */
export function flushFolderOf(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
