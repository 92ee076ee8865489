/** Finds the control total that a sender writes as the last line: `T`, the number of rows, and perhaps the SHA-256 of all before it. */
import type { FileHandle } from 'node:fs/promises'
import { decoding, isUtf16 } from './encoding.ts'
import { firstRow, type Layout } from './layout.ts'

const tailBytes = 4096

export interface Trailer {
  /** The offset of the trailer's first byte. */
  readonly at: number
  /** null when the line begins as a trailer and is none: that is a wrong control total. */
  readonly rows: number | null
  readonly sha256: Buffer | null
}

/** Looks at the file's last non-empty line; null when that is an ordinary row. */
export async function findTrailer(file: FileHandle, size: number, layout: Layout): Promise<Trailer | null> {
  const unit = isUtf16(layout.encoding) ? 2 : 1
  const from = Math.max(layout.dataStart, size - tailBytes - ((size - layout.dataStart) % unit))
  const tail = Buffer.alloc(Math.max(0, size - from))
  const { bytesRead } = await file.read(tail, 0, tail.length, from)
  const bytes = tail.subarray(0, bytesRead)
  const text = (unit === 2 ? decoding(layout.encoding).text(bytes) : bytes.toString('latin1')).trimEnd()
  const newlineAt = text.lastIndexOf(layout.dialect.newline)
  if (newlineAt === -1 && from > layout.dataStart) return null
  const line = text.slice(newlineAt + 1)
  const cells = firstRow(line, layout.dialect)
  if (cells?.[0] !== 'T') return null
  const at = from + (newlineAt + 1) * unit
  const [, rows, hash = null, ...padding] = cells
  const sound = /^\d{1,15}$/.test(rows ?? '') && padding.every((cell) => cell === null)
  if (!sound || (hash !== null && !isSha256(hash))) return { at, rows: null, sha256: null }
  return { at, rows: Number(rows), sha256: hash === null ? null : Buffer.from(hash, 'hex') }
}

/** Whether a text is a SHA-256 in hexadecimal digits. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text)
}
