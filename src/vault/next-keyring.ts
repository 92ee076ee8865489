/** The keyring that is to replace the present one, and what goes with it, beside the files that they replace: put in their place once it counts. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ExternalKey } from './external-key.ts'
import { type Keyring, keySetId } from './keyring.ts'
import { saveKeyring } from './keyring-file.ts'
import { flushFolderOf } from './private-file.ts'

export interface ReplacedFiles {
  readonly keyringPath: string
  /** Written anew with the keyring, and of no use with another one. */
  readonly others: readonly string[]
}

export function nextKeyringPath(keyringPath: string): string {
  return `${keyringPath}.next`
}

/** Where one of the other files waits. It is named by its keys, so that it is never taken for that of others. */
export function waitingPath(path: string, keySet: string): string {
  return `${path}.${keySet}`
}

export function hasNextKeyring({ keyringPath }: ReplacedFiles): boolean {
  return existsSync(nextKeyringPath(keyringPath))
}

/** Safe on disk when it returns. @throws VaultError `vault.file-not-written`. */
export function saveNextKeyring({ keyringPath }: ReplacedFiles, next: Keyring, externalKey: ExternalKey): void {
  saveKeyring(nextKeyringPath(keyringPath), next, externalKey)
}

/** The keyring last: as long as it waits, this is done again. @throws the system's error. */
export function putInPlace({ keyringPath, others }: ReplacedFiles, next: Pick<Keyring, 'keys'>): void {
  for (const path of others) moveIfThere(waitingPath(path, keySetId(next)), path)
  moveIfThere(nextKeyringPath(keyringPath), keyringPath)
}

/** Nothing was ever under these keys. @throws the system's error. */
export function throwAway({ keyringPath, others }: ReplacedFiles): void {
  for (const path of others) {
    const waiting = readdirSync(dirname(path)).filter(
      (name) => name.startsWith(`${basename(path)}.`) && isId(name.slice(-36)),
    )
    for (const name of waiting) rmSync(join(dirname(path), name))
  }
  rmSync(nextKeyringPath(keyringPath), { force: true })
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/** Another process of the gateway may be doing the same. */
function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return
  }
  flushFolderOf(to)
}
