/** Keeps the keyring on disk, encrypted under the external key, and tells a wrong key from a damaged file. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../model/parse-json.ts'
import { tagBytes } from './data-key.ts'
import type { ExternalKey } from './external-key.ts'
import { type Keyring, keyringFromBytes, keyringToBytes } from './keyring.ts'
import { nonceBytes } from './nonce.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { VaultError } from './vault-error.ts'

const format = 'gatehouse-keyring'
const version = 1

const envelope = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  /** HMAC of a constant under the external key. It gives nothing away: the key is random, so nobody can try candidates. */
  keyCheck: z.base64(),
  /** Nonce, ciphertext, tag. */
  sealed: z.base64(),
  /** SHA-256 of the two fields above. No protection against a thief (that is the tag's work); it finds damage before the key is blamed. */
  checksum: z.base64(),
})

const newer = z.object({ format: z.literal(format), version: z.int().min(version + 1) })

/**
 * Replaces the file atomically, mode 0600, flushed to disk.
 * @throws VaultError `vault.file-not-written`; `vault.file-exists` only with `replace: false`.
 */
export function saveKeyring(
  path: string,
  keyring: Keyring,
  externalKey: ExternalKey,
  options: { readonly replace: boolean } = { replace: true },
): void {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', externalKey, nonce, { authTagLength: tagBytes })
  cipher.setAAD(associated)
  const plain = keyringToBytes(keyring)
  const body = cipher.update(plain)
  plain.fill(0)
  cipher.final()
  const keyCheck = checkOf(externalKey).toString('base64')
  const sealed = Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64')
  const file = { format, version, keyCheck, sealed, checksum: checksumOf(keyCheck, sealed) }
  writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`, options)
}

/**
 * @throws VaultError `vault.wrong-key`, `vault.keyring-damaged`, `vault.keyring-newer`, `vault.file-missing`, `vault.file-unsafe`.
 */
export function loadKeyring(path: string, externalKey: ExternalKey): Keyring {
  const json = parseJson(readPrivateFile(path).toString('utf8'))
  const file = envelope.safeParse(json).data
  if (file === undefined) {
    throw new VaultError(newer.safeParse(json).success ? 'vault.keyring-newer' : 'vault.keyring-damaged', path)
  }
  if (file.checksum !== checksumOf(file.keyCheck, file.sealed)) throw new VaultError('vault.keyring-damaged', path)
  const keyCheck = Buffer.from(file.keyCheck, 'base64')
  const expected = checkOf(externalKey)
  if (keyCheck.length !== expected.length) throw new VaultError('vault.keyring-damaged', path)
  if (!timingSafeEqual(keyCheck, expected)) throw new VaultError('vault.wrong-key', path)
  const keyring = decrypt(Buffer.from(file.sealed, 'base64'), externalKey)
  if (keyring === null) throw new VaultError('vault.keyring-damaged', path)
  return keyring
}

const associated = Buffer.from(`${format}/${version}`, 'utf8')

function decrypt(sealed: Buffer, externalKey: ExternalKey): Keyring | null {
  if (sealed.length < nonceBytes + tagBytes) return null
  const nonce = sealed.subarray(0, nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', externalKey, nonce, { authTagLength: tagBytes })
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  const plain = decipher.update(sealed.subarray(nonceBytes, -tagBytes))
  try {
    decipher.final()
  } catch {
    plain.fill(0)
    return null
  }
  return keyringFromBytes(plain)
}

function checkOf(externalKey: ExternalKey): Buffer {
  return createHmac('sha256', externalKey).update(`${format} key check`).digest().subarray(0, 16)
}

function checksumOf(keyCheck: string, sealed: string): string {
  return createHash('sha256').update(`${keyCheck}\n${sealed}`).digest('base64')
}
