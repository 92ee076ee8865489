/** Reads a backup: refuses what this keyring does not open, and hands its tables on piece by piece, each piece proven. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { z } from 'zod'
import type { Vault } from '../../vault/vault.ts'
import { VaultError } from '../../vault/vault-error.ts'
import { BackupError } from './backup-error.ts'
import { type BackupHeader, decodeHeader, headerBytesMax } from './header.ts'
import { type BackupRecord, decodeRecords, type RecordKind, recordKinds } from './records.ts'

export interface OpenedBackup {
  readonly header: BackupHeader
  /** The sealed part, opened. What was read is proven; that nothing was cut off, only by the end. May be called again. */
  content(): AsyncIterable<Buffer>
  /** Of the header as it stands in the file. */
  readonly digest: Buffer
}

/** Rows by table. */
export type BackupCounts = Readonly<Record<string, number>>

/** What becomes of the rows, in COPY's text format. */
export interface BackupSink {
  begin(table: string, columns: readonly string[]): Promise<void>
  /** Some of the table's bytes, cut anywhere; resolves when more may come. */
  rows(bytes: Buffer): Promise<void>
  /** Returns how many rows the table had. */
  end(): Promise<number>
}

/** @throws BackupError `backup.not-a-backup`, `backup.newer`, `backup.foreign`, `backup.not-opened`; the system's error. */
export async function openBackup(path: string, vault: Vault): Promise<OpenedBackup> {
  const line = await firstLine(path)
  const header = decodeHeader(line)
  if (header.gateway !== vault.gatewayId) throw new BackupError('backup.foreign')
  const content = (): AsyncIterable<Buffer> => vault.openFile(header.key, bytesOf(path, line.length))
  try {
    // Unwraps the key, and reads nothing yet.
    content()
  } catch (error) {
    throw error instanceof VaultError ? new BackupError('backup.not-opened', { cause: error }) : error
  }
  return { header, content, digest: createHash('sha256').update(line).digest() }
}

async function firstLine(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytesMax), 0, headerBytesMax, 0)
    const end = buffer.subarray(0, bytesRead).indexOf('\n')
    if (end < 0) throw new BackupError('backup.not-a-backup')
    return buffer.subarray(0, end + 1)
  } finally {
    await file.close()
  }
}

async function* bytesOf(path: string, start: number): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { start, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>
}

const tableStart = z.strictObject({ table: z.string(), columns: z.array(z.string()) })
const tableEnd = z.strictObject({ rows: z.int() })
const fileEnd = z.strictObject({ counts: z.record(z.string(), z.int()) })

/**
 * Reads to the end, and sees that each table and the whole have as many rows as the backup says.
 * @throws BackupError `backup.damaged`; what the sink throws; the system's error.
 */
export async function readBackup(backup: OpenedBackup, sink: BackupSink): Promise<BackupCounts> {
  const counts: Record<string, number> = {}
  let last: RecordKind | null = null
  let table = ''
  for await (const { kind, payload } of recordsOf(backup)) {
    expectAfter(last, kind)
    last = kind
    if (kind === recordKinds.header) expect(payload.equals(backup.digest))
    else if (kind === recordKinds.table) {
      const begun = parsed(tableStart, payload)
      table = begun.table
      expect(counts[table] === undefined)
      await sink.begin(table, begun.columns)
    } else if (kind === recordKinds.rows) await sink.rows(payload)
    else if (kind === recordKinds.tableEnd) {
      counts[table] = await sink.end()
      expect(counts[table] === parsed(tableEnd, payload).rows)
    } else {
      const all = parsed(fileEnd, payload).counts
      expect(Object.keys(all).length === Object.keys(counts).length)
      for (const [name, rows] of Object.entries(all)) expect(counts[name] === rows)
    }
  }
  expect(last === recordKinds.end)
  return counts
}

const { header, table, rows, tableEnd: closing, end } = recordKinds
/** What may follow upon what. */
const followers: ReadonlyMap<RecordKind | null, readonly RecordKind[]> = new Map([
  [null, [header]],
  [header, [table]],
  [table, [rows, closing]],
  [rows, [rows, closing]],
  [closing, [table, end]],
  [end, []],
])

function expectAfter(last: RecordKind | null, kind: RecordKind): void {
  expect(followers.get(last)?.includes(kind) === true)
}

function expect(right: boolean): asserts right {
  if (!right) throw new BackupError('backup.damaged')
}

function parsed<T>(schema: z.ZodType<T>, payload: Buffer): T {
  try {
    return schema.parse(JSON.parse(payload.toString('utf8')))
  } catch (error) {
    throw new BackupError('backup.damaged', { cause: error })
  }
}

/** Whatever does not open or unpack is damage; only what the system says about the file itself is passed on. */
async function* recordsOf(backup: OpenedBackup): AsyncGenerator<BackupRecord> {
  const unpacked = createZstdDecompress()
  const content = decodeRecords(unpacked as AsyncIterable<Buffer>)
  // An error of either side ends the other, and is thrown where the records are read.
  pipeline(backup.content(), unpacked, () => undefined)
  for (;;) {
    let next: IteratorResult<BackupRecord>
    try {
      next = await content.next()
    } catch (error) {
      if (error instanceof BackupError || (error instanceof Error && 'syscall' in error)) throw error
      throw new BackupError('backup.damaged', { cause: error })
    }
    if (next.done) return
    yield next.value
  }
}

const newline = 0x0a

/** Reads all of a backup and writes nothing: for looking at it before anything is touched, and for testing it. */
export function checkBackup(backup: OpenedBackup, onRows: (rows: number) => void): Promise<BackupCounts> {
  let found = 0
  return readBackup(backup, {
    begin: async () => {
      found = 0
    },
    // In COPY's text format a line end is the end of a row, and nothing else (PostgreSQL manual, COPY, "Text Format").
    rows: async (bytes) => {
      let lines = 0
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
      found += lines
      onRows(lines)
    },
    end: async () => found,
  })
}
