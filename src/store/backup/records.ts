/** What is sealed in a backup, as a sequence of records: the header's digest, then each table with its rows and their count, then all counts. */
import { BackupError } from './backup-error.ts'

export const recordKinds = { header: 1, table: 2, rows: 3, tableEnd: 4, end: 5 } as const
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds]

export interface BackupRecord {
  readonly kind: RecordKind
  readonly payload: Buffer
}

// Kind (1), length of the payload (4), payload.
const headBytes = 5
/** Rows are cut into pieces of this at most; all other payloads are shorter. */
const payloadBytesMax = 256 * 1024

const known = new Set<number>(Object.values(recordKinds))

/** As many records as it takes: only those of rows may be longer than one holds. */
export function* encodeRecord(kind: RecordKind, payload: Buffer): Generator<Buffer> {
  for (let at = 0; at === 0 || at < payload.length; at += payloadBytesMax) {
    const piece = payload.subarray(at, at + payloadBytesMax)
    const head = Buffer.alloc(headBytes)
    head[0] = kind
    head.writeUInt32BE(piece.length, 1)
    yield head
    yield piece
  }
}

/** @throws BackupError `backup.damaged` for what `encodeRecord` does not write. */
export async function* decodeRecords(content: AsyncIterable<Buffer>): AsyncGenerator<BackupRecord> {
  let left: Buffer = Buffer.alloc(0)
  for await (const chunk of content) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk])
    for (;;) {
      if (left.length < headBytes) break
      const kind = left[0] as number
      const length = left.readUInt32BE(1)
      if (!known.has(kind) || length > payloadBytesMax) throw new BackupError('backup.damaged')
      if (left.length < headBytes + length) break
      yield { kind: kind as RecordKind, payload: left.subarray(headBytes, headBytes + length) }
      left = left.subarray(headBytes + length)
    }
  }
  if (left.length > 0) throw new BackupError('backup.damaged')
}
