/** The keyring of a running process: follows the file when another process changes it, and changes it for all of them. */
import { type BigIntStats, statSync } from 'node:fs'
import type { ExternalKey } from './external-key.ts'
import { type Keyring, keySetId } from './keyring.ts'
import { loadKeyring, saveKeyring } from './keyring-file.ts'
import { VaultError } from './vault-error.ts'

/** Where a vault gets its keys from. */
export interface KeyringSource {
  readonly current: Keyring
  /** Looks whether there are other keys by now, which costs next to nothing when there are none. @throws VaultError for a file that can't be used; then the keys stay as they were. */
  refresh(): boolean
}

export interface LivingKeyring extends KeyringSource {
  /**
   * Writes what `next` makes of the newest keyring, and uses it only when it is safe on disk: no row ever needs a key that the file
   * does not have. One writer at a time: the caller holds a lock that all processes respect.
   * @throws VaultError as `refresh`, and `vault.file-not-written`; what `next` throws; then nothing has changed.
   */
  change(next: (keyring: Keyring) => Keyring): Keyring
}

/** @throws VaultError as `loadKeyring`. */
export function openLivingKeyring(path: string, externalKey: ExternalKey): LivingKeyring {
  let seen = lookAt(path)
  let current = loadKeyring(path, externalKey)

  function refresh(): boolean {
    // Looked at before it is read: a change in between shows at the next look.
    const now = lookAt(path)
    if (now === seen) return false
    const found = loadKeyring(path, externalKey)
    if (found.gatewayId !== current.gatewayId) throw new VaultError('vault.keyring-foreign', path)
    if (keySetId(found) !== keySetId(current)) throw new VaultError('vault.keyring-replaced', path)
    if (found.generation < current.generation) throw new VaultError('vault.keyring-older', path)
    seen = now
    if (found.generation === current.generation) return false
    current = found
    return true
  }

  return {
    get current() {
      return current
    },
    refresh,
    change(next) {
      refresh()
      const changed = { ...next(current), generation: current.generation + 1 }
      saveKeyring(path, changed, externalKey)
      current = changed
      seen = lookAt(path)
      return current
    },
  }
}

/** What tells one state of the file from another; a replaced file is another one even within the same tick of the clock. */
function lookAt(path: string): string {
  let stats: BigIntStats
  try {
    stats = statSync(path, { bigint: true })
  } catch {
    throw new VaultError('vault.file-missing', path)
  }
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}
