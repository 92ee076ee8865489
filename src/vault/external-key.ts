/** The one key that is not in the keyring: 32 random bytes, kept where neither the database nor its backups reach. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keyBytes, keyFromBytes } from './data-key.ts'
import { readPrivateFile } from './private-file.ts'
import { VaultError } from './vault-error.ts'

declare const brand: unique symbol
export type ExternalKey = KeyObject & { readonly [brand]: 'ExternalKey' }

/** A file, a systemd credential by name (LoadCredential= or LoadCredentialEncrypted=), or an environment variable. */
export type ExternalKeySource =
  | { readonly keyFile: string }
  | { readonly credential: string }
  | { readonly env: string }

export interface KeyWarning {
  readonly code: 'vault.key-in-environment' | 'vault.key-beside-keyring'
  readonly message: string
}

export interface ReadKey {
  readonly key: ExternalKey
  readonly warnings: readonly KeyWarning[]
}

const inEnvironment: KeyWarning = {
  code: 'vault.key-in-environment',
  message:
    'The external key comes from the environment, which other processes of this user, crash reports and container tools can show. Use a file or a systemd credential.',
}

/**
 * @throws VaultError `vault.file-missing`, `vault.file-unsafe`, `vault.external-key-missing`, `vault.external-key-malformed`.
 */
export function readExternalKey(source: ExternalKeySource, env: NodeJS.ProcessEnv = process.env): ReadKey {
  if ('keyFile' in source) return { key: externalKey(readPrivateFile(source.keyFile), source.keyFile), warnings: [] }
  if ('credential' in source) {
    const folder = env.CREDENTIALS_DIRECTORY
    if (folder === undefined || folder === '') throw new VaultError('vault.external-key-missing')
    const path = join(folder, source.credential)
    return { key: externalKey(readPrivateFile(path, 'service-manager'), path), warnings: [] }
  }
  const text = env[source.env]
  if (text === undefined || text === '') throw new VaultError('vault.external-key-missing')
  return { key: externalKey(Buffer.from(text, 'latin1')), warnings: [inEnvironment] }
}

/** A new external key and the text of its file. */
export function newExternalKey(): { readonly key: ExternalKey; readonly text: string } {
  const bytes = randomBytes(keyBytes)
  const text = `${bytes.toString('base64')}\n`
  return { key: keyFromBytes(bytes) as ExternalKey, text }
}

function externalKey(content: Buffer, path?: string): ExternalKey {
  const text = content.toString('latin1').trim()
  content.fill(0)
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips what is not base64, so a cut or garbled key would pass unnoticed but for this comparison.
  if (bytes.length !== keyBytes || bytes.toString('base64') !== text) {
    throw new VaultError('vault.external-key-malformed', path)
  }
  return keyFromBytes(bytes) as ExternalKey
}
