/** Seals a text to its key and place: opened anywhere else, or with a single bit changed, it fails. */
import { encodePlace, type Place } from './canonical.ts'
import { type DataKey, fingerprintBytes, tagBytes } from './data-key.ts'
import { nonceBytes, putNonce } from './nonce.ts'
import { VaultError } from './vault-error.ts'

declare const brand: unique symbol
/** What a sealed column holds. Only the vault makes one, so that an unsealed value does not compile. */
export type Sealed = Buffer & { readonly [brand]: 'Sealed' }

// Layout: format (1), key fingerprint (4, in `named` alone), nonce (12), ciphertext, tag (16): 33 bytes more than the text, or 29.
const named = 1
const unnamed = 2
type Format = typeof named | typeof unnamed

function nonceAt(format: Format): number {
  return format === named ? 1 + fingerprintBytes : 1
}

/**
 * Shows which key it is by the fingerprint. Nonces are random: one key must seal far fewer than 2^32 values (NIST SP 800-38D, section 8.3).
 * @throws VaultError `vault.malformed-text` for a text that would not come back as it went in; `vault.bad-version`.
 */
export function seal(gatewayId: string, key: DataKey, place: Place, text: string): Sealed {
  return sealAs(named, gatewayId, key, place, text)
}

/** As `seal`, and nobody sees what else was sealed with the same key. @throws as `seal`. */
export function sealUnnamed(gatewayId: string, key: DataKey, place: Place, text: string): Sealed {
  return sealAs(unnamed, gatewayId, key, place, text)
}

function sealAs(format: Format, gatewayId: string, key: DataKey, place: Place, text: string): Sealed {
  if (!text.isWellFormed()) throw new VaultError('vault.malformed-text')
  const begin = nonceAt(format)
  const head = Buffer.allocUnsafe(begin + nonceBytes)
  head[0] = format
  if (format === named) key.fingerprint.copy(head, 1)
  putNonce(head, begin)
  const cipher = key.cipher(head.subarray(begin))
  cipher.setAAD(encodePlace(format, gatewayId, key.id, place))
  const body = cipher.update(text, 'utf8')
  cipher.final()
  return Buffer.concat([head, body, cipher.getAuthTag()]) as Sealed
}

/** Of either kind. @throws VaultError `vault.open-failed`, whatever the reason: a difference would help only somebody who tries. */
export function open(gatewayId: string, key: DataKey, place: Place, sealed: Buffer): string {
  const format = sealed[0]
  if (format !== named && format !== unnamed) throw new VaultError('vault.open-failed')
  const begin = nonceAt(format)
  const textAt = begin + nonceBytes
  const tagAt = sealed.length - tagBytes
  if (tagAt < textAt || (format === named && key.fingerprint.compare(sealed, 1, begin) !== 0)) {
    throw new VaultError('vault.open-failed')
  }
  const decipher = key.decipher(sealed.subarray(begin, textAt))
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
