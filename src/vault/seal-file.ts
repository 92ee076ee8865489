/** Seals a file of any size frame by frame: whatever is cut off, added, moved, swapped or changed in it fails to open. */
import { encodeValues } from './canonical.ts'
import { type DataKey, tagBytes } from './data-key.ts'
import { nonceBytes } from './nonce.ts'
import { VaultError } from './vault-error.ts'

// A file is frames and nothing else. Each: format (1), ciphertext (64 KiB; 0 to 64 KiB in the last), tag (16).
const format = 1
const textBytes = 64 * 1024
export const frameBytes = 1 + textBytes + tagBytes

/**
 * Yields one frame at a time; memory stays flat. A content without any bytes is one empty frame.
 * The nonces count up from 0 (NIST SP 800-38D, section 8.2.1), so a key seals one file, once, ever.
 */
export async function* sealFrames(
  gatewayId: string,
  key: DataKey,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const { bytes, number, last } of pieces(content, textBytes)) {
    const cipher = key.cipher(nonceOf(number))
    cipher.setAAD(associated(gatewayId, key, number, last))
    const text = cipher.update(bytes)
    cipher.final()
    yield Buffer.concat([Buffer.of(format), text, cipher.getAuthTag()])
  }
}

/**
 * Yields the content frame by frame, each checked. That nothing was cut off is known only when the iteration ends: who can't take
 * back what was passed on reads to the end first.
 * @throws VaultError `vault.open-failed`, whatever the reason.
 */
export async function* openFrames(
  gatewayId: string,
  key: DataKey,
  sealed: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const { bytes, number, last } of pieces(sealed, frameBytes)) {
    const tagAt = bytes.length - tagBytes
    if (tagAt < 1 || bytes[0] !== format) throw new VaultError('vault.open-failed')
    const decipher = key.decipher(nonceOf(number))
    decipher.setAAD(associated(gatewayId, key, number, last))
    decipher.setAuthTag(bytes.subarray(tagAt))
    const text = decipher.update(bytes.subarray(1, tagAt))
    try {
      decipher.final()
    } catch {
      text.fill(0)
      throw new VaultError('vault.open-failed')
    }
    yield text
  }
}

/** The key's id is the file's: what a frame belongs to, which one it is, and whether more must follow. */
function associated(gatewayId: string, key: DataKey, number: number, last: boolean): Buffer {
  return encodeValues('sealed-file', [format, gatewayId, key.id, number, last])
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes)
  nonce.writeBigUInt64BE(BigInt(number), nonceBytes - 8)
  return nonce
}

interface Piece {
  /** Holds other bytes as soon as the next piece is asked for. */
  readonly bytes: Buffer
  readonly number: number
  readonly last: boolean
}

/** The same bytes in pieces of `size`, the last one shorter perhaps; always at least one piece. */
async function* pieces(content: AsyncIterable<Buffer>, size: number): AsyncGenerator<Piece> {
  const buffer = Buffer.allocUnsafeSlow(size)
  let filled = 0
  let number = 0
  try {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; ) {
        // A full piece waits for one more byte: only then is it known not to be the last.
        if (filled === size) {
          yield { bytes: buffer, number, last: false }
          number += 1
          filled = 0
        }
        const copied = chunk.copy(buffer, filled, at)
        filled += copied
        at += copied
      }
    }
    yield { bytes: buffer.subarray(0, filled), number, last: true }
  } finally {
    buffer.fill(0)
  }
}
