/** Signs what outsiders must be able to check without a secret of ours: Ed25519 (RFC 8032), one key pair per gateway. */
import { createPrivateKey, createPublicKey, hash, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { keyBytes, keyFromBytes } from './data-key.ts'

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

export class SigningKey {
  /** Names the public key: the first half of its SHA-256, in hex. */
  readonly id: string
  /** SPKI in PEM: what an auditor pins. */
  readonly publicKey: string
  readonly #key: KeyObject

  /** `seed` is the key as the keyring holds it, 32 random bytes. */
  constructor(seed: KeyObject) {
    const bytes = seed.export()
    const pkcs8 = Buffer.concat([pkcs8Head, bytes])
    bytes.fill(0)
    this.#key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    pkcs8.fill(0)
    const publicKey = createPublicKey(this.#key)
    this.id = publicKeyId(publicKey)
    this.publicKey = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  }

  /** 64 bytes; the same for the same message. */
  sign(message: Buffer): Buffer {
    return sign(null, message, this.#key)
  }
}

export function publicKeyId(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ format: 'der', type: 'spki' }), 'hex').slice(0, 32)
}

/**
 * The key of a keyring that was made before gateways signed. It comes from the audit key, so that every process that opens such a
 * keyring gets the same one without having to write the file; it is a key like any other from the next time that the file is saved.
 */
export function signingSeedOf(audit: { readonly key: KeyObject }): { readonly id: string; readonly key: KeyObject } {
  const derived = Buffer.from(hkdfSync('sha256', audit.key, Buffer.alloc(0), 'gatehouse signing key', keyBytes + 16))
  const id = derived.subarray(keyBytes)
  // A version 8 UUID (RFC 9562): its content is ours to choose.
  id[6] = ((id[6] as number) & 0x0f) | 0x80
  id[8] = ((id[8] as number) & 0x3f) | 0x80
  const hex = id.toString('hex')
  return {
    id: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'),
    key: keyFromBytes(derived.subarray(0, keyBytes)),
  }
}
