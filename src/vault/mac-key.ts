/** Keyed digests of short messages: HMAC-SHA-256 (RFC 2104) made of two one-shot hashes, which take a third of the time of Node's Hmac objects. */
import { hash, type KeyObject } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32

/**
 * An import makes some sixteen digests per person, so what one costs is felt. The two padded keys lie in memory of their own
 * outside the JavaScript heap for as long as the vault is open, as the key object does.
 */
export class MacKey {
  readonly #outer = Buffer.allocUnsafeSlow(blockBytes + digestBytes)
  #inner = Buffer.allocUnsafeSlow(blockBytes + 1024)

  /** A key of at most 64 bytes, as all of the keyring are. */
  constructor(key: KeyObject) {
    const bytes = key.export()
    if (bytes.length > blockBytes) throw new RangeError('a longer key would have to be hashed first')
    this.#outer.fill(0x5c, 0, blockBytes)
    this.#inner.fill(0x36, 0, blockBytes)
    for (const [at, byte] of bytes.entries()) {
      this.#outer[at] = byte ^ 0x5c
      this.#inner[at] = byte ^ 0x36
    }
    bytes.fill(0)
  }

  /** 32 bytes. */
  mac(message: Buffer): Buffer {
    const end = blockBytes + message.length
    if (end > this.#inner.length) this.#grow(end)
    message.copy(this.#inner, blockBytes)
    // One character per byte carries every digest, and such a text is made several times as fast as a Buffer.
    const inside = hash('sha256', this.#inner.subarray(0, end), 'binary')
    this.#outer.write(inside, blockBytes, digestBytes, 'latin1')
    return Buffer.from(hash('sha256', this.#outer, 'binary'), 'latin1')
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#inner.length * 2))
    this.#inner.copy(larger, 0, 0, blockBytes)
    this.#inner.fill(0)
    this.#inner = larger
  }
}
