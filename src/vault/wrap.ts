/** Wraps data keys under an epoch key, so that deleting the wrapped key, or destroying the epoch, makes the data unreadable. */
import type { KeyId } from '../model/id.ts'
import { encodeValues } from './canonical.ts'
import { DataKey, keyBytes, keyFromBytes, tagBytes } from './data-key.ts'
import { nonceBytes, putNonce } from './nonce.ts'
import { VaultError } from './vault-error.ts'

// Layout: format (1), nonce (12), wrapped key (32), tag (16).
const format = 1
const keyAt = 1 + nonceBytes
const tagAt = keyAt + keyBytes
export const wrappedBytes = tagAt + tagBytes

/**
 * What a wrapped key seals: the values of a person, or one file; or what it sealed about a person before keys were replaced. A key of one
 * kind never opens as one of another.
 */
export type KeyUse = 'data-key' | 'file-key' | 'former-key'

function associated(gatewayId: string, use: KeyUse, id: KeyId, epoch: string): Buffer {
  return encodeValues(use, [format, gatewayId, id, epoch])
}

/** `epoch` is the epoch key as a DataKey whose id is the epoch's. */
export function wrap(gatewayId: string, epoch: DataKey, use: KeyUse, key: DataKey): Buffer {
  const wrapped = Buffer.alloc(wrappedBytes)
  wrapped[0] = format
  putNonce(wrapped, 1)
  const cipher = epoch.cipher(wrapped.subarray(1, keyAt))
  cipher.setAAD(associated(gatewayId, use, key.id, epoch.id))
  key.withBytes((bytes) => cipher.update(bytes).copy(wrapped, keyAt))
  cipher.final()
  cipher.getAuthTag().copy(wrapped, tagAt)
  return wrapped
}

/** @throws VaultError `vault.unwrap-failed` unless id, epoch, use, gateway and every bit are as they were when it was wrapped. */
export function unwrap(gatewayId: string, epoch: DataKey, use: KeyUse, id: KeyId, wrapped: Buffer): DataKey {
  if (wrapped.length !== wrappedBytes || wrapped[0] !== format) throw new VaultError('vault.unwrap-failed')
  const decipher = epoch.decipher(wrapped.subarray(1, keyAt))
  decipher.setAAD(associated(gatewayId, use, id, epoch.id))
  decipher.setAuthTag(wrapped.subarray(tagAt))
  const bytes = decipher.update(wrapped.subarray(keyAt, tagAt))
  try {
    decipher.final()
  } catch {
    bytes.fill(0)
    throw new VaultError('vault.unwrap-failed')
  }
  return new DataKey(id, keyFromBytes(bytes))
}
