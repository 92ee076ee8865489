/** Makes the external key and the keyring of a new gateway, and never touches those of an old one. */
import { existsSync, statSync, unlinkSync } from 'node:fs'
import { type KeyWarning, newExternalKey } from './external-key.ts'
import { createKeyring, type Stamp } from './keyring.ts'
import { saveKeyring } from './keyring-file.ts'
import { writePrivateFile } from './private-file.ts'
import { VaultError } from './vault-error.ts'

export interface InitKeysOptions {
  readonly keyPath: string
  readonly keyringPath: string
  readonly stamp: Stamp
}

/**
 * Creates both files, mode 0600, and their folders, mode 0700. The new keyring's gateway id is returned.
 * @throws VaultError `vault.file-exists` when either is there already, `vault.file-not-written`; then neither was made.
 */
export function initKeys({ keyPath, keyringPath, stamp }: InitKeysOptions): {
  readonly gatewayId: string
  readonly warnings: readonly KeyWarning[]
} {
  for (const path of [keyPath, keyringPath]) {
    if (existsSync(path)) throw new VaultError('vault.file-exists', path)
  }
  const { key, text } = newExternalKey()
  const keyring = createKeyring({ stamp })
  writePrivateFile(keyPath, text, { replace: false })
  try {
    saveKeyring(keyringPath, keyring, key, { replace: false })
  } catch (error) {
    // A key that opens nothing would stop the next attempt.
    unlinkSync(keyPath)
    throw error
  }
  return { gatewayId: keyring.gatewayId, warnings: placeWarnings(statSync(keyPath).dev, statSync(keyringPath).dev) }
}

/** `dev` numbers of the file systems that hold the external key and the keyring. */
export function placeWarnings(keyDev: number, keyringDev: number): readonly KeyWarning[] {
  if (keyDev !== keyringDev) return []
  return [
    {
      code: 'vault.key-beside-keyring',
      message:
        'The external key and the keyring are on the same file system: one stolen disk or backup holds both. Move the key to other storage or a systemd credential.',
    },
  ]
}
