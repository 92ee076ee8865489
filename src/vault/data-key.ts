/** A key that seals: it encrypts and decrypts, and never gives its bytes away except to be wrapped. */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import type { KeyId } from '../model/id.ts'

export const keyBytes = 32
export const tagBytes = 16
export const fingerprintBytes = 4

const algorithm = 'aes-256-gcm'
const options = { authTagLength: tagBytes }

/**
 * The bytes live in a KeyObject, outside the JavaScript heap, where OpenSSL wipes them on release. A KeyObject is also three
 * times as fast as a Buffer, which Node would import anew on every call.
 */
export class DataKey {
  readonly id: KeyId
  /** Start of SHA-256 of the id: tells which key a sealed value belongs to. */
  readonly fingerprint: Buffer
  readonly #key: KeyObject

  constructor(id: KeyId, key: KeyObject) {
    this.id = id
    this.fingerprint = hash('sha256', id, 'buffer').subarray(0, fingerprintBytes)
    this.#key = key
  }

  cipher(nonce: Buffer): CipherGCM {
    return createCipheriv(algorithm, this.#key, nonce, options)
  }

  decipher(nonce: Buffer): DecipherGCM {
    return createDecipheriv(algorithm, this.#key, nonce, options)
  }

  /** Lends the bytes and wipes them afterwards. */
  withBytes<T>(use: (bytes: Buffer) => T): T {
    const bytes = this.#key.export()
    try {
      return use(bytes)
    } finally {
      bytes.fill(0)
    }
  }
}

/** Takes the bytes over: the given buffer is wiped. */
export function keyFromBytes(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** A new random key of 32 bytes. */
export function randomKey(): KeyObject {
  return keyFromBytes(randomBytes(keyBytes))
}
