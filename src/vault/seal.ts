/** Seals a text to its key and place: opened anywhere else, or with a single bit changed, it fails. */
import { encodePlace, type Place } from './canonical.ts'
import { type DataKey, fingerprintBytes, tagBytes } from './data-key.ts'
import { nonceBytes, putNonce } from './nonce.ts'
import { VaultError } from './vault-error.ts'

declare const brand: unique symbol
/** What a sealed column holds. Only the vault makes one, so that an unsealed value does not compile. */
export type Sealed = Buffer & { readonly [brand]: 'Sealed' }

// Layout: format (1), key fingerprint (4), nonce (12), ciphertext, tag (16): 33 bytes more than the text.
const format = 1
const nonceAt = 1 + fingerprintBytes
const textAt = nonceAt + nonceBytes

/**
 * Nonces are random: one key must seal far fewer than 2^32 values (NIST SP 800-38D, section 8.3).
 * @throws VaultError `vault.malformed-text` for a text that would not come back as it went in; `vault.bad-version`.
 */
export function seal(gatewayId: string, key: DataKey, place: Place, text: string): Sealed {
  if (!text.isWellFormed()) throw new VaultError('vault.malformed-text')
  const head = Buffer.allocUnsafe(textAt)
  head[0] = format
  key.fingerprint.copy(head, 1)
  putNonce(head, nonceAt)
  const cipher = key.cipher(head.subarray(nonceAt))
  cipher.setAAD(encodePlace(format, gatewayId, key.id, place))
  const body = cipher.update(text, 'utf8')
  cipher.final()
  return Buffer.concat([head, body, cipher.getAuthTag()]) as Sealed
}

/** @throws VaultError `vault.open-failed`, whatever the reason: a difference would help only somebody who tries. */
export function open(gatewayId: string, key: DataKey, place: Place, sealed: Buffer): string {
  const tagAt = sealed.length - tagBytes
  if (tagAt < textAt || sealed[0] !== format || key.fingerprint.compare(sealed, 1, nonceAt) !== 0) {
    throw new VaultError('vault.open-failed')
  }
  const decipher = key.decipher(sealed.subarray(nonceAt, textAt))
  decipher.setAAD(encodePlace(format, gatewayId, key.id, place))
  decipher.setAuthTag(sealed.subarray(tagAt))
  const text = decipher.update(sealed.subarray(textAt, tagAt))
  try {
    decipher.final()
  } catch {
    text.fill(0)
    throw new VaultError('vault.open-failed')
  }
  const opened = text.toString('utf8')
  text.fill(0)
  return opened
}
