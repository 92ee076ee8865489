/** Writes the trail as JSON lines that can be verified anywhere, and takes back only exactly what it wrote. */
import type pg from 'pg'
import { z } from 'zod'
import type { AuditEntry } from './entry.ts'
import { pageSizeMax, readAudit } from './read.ts'

export interface ExportOptions {
  /** Leaves out the entries up to this number, which an earlier export holds. */
  readonly after?: number
  readonly pageSize?: number
}

/** One line per entry, each with its newline. `details` stay sealed. */
export async function* exportAudit(pool: pg.Pool, options: ExportOptions = {}): AsyncGenerator<string> {
  for await (const entry of readAudit(pool, options.after ?? 0, options.pageSize ?? pageSizeMax)) {
    yield `${formatLine(entry)}\n`
  }
}

/** `details` are in base64 (RFC 4648, section 4), `hash` and `mac` in lower-case hex. */
export function formatLine({ seq, at, actor, action, object, details, detailsRow, hash, mac }: AuditEntry): string {
  return JSON.stringify({
    seq,
    at,
    actor,
    action,
    object,
    details: details.toString('base64'),
    detailsRow,
    hash: hash.toString('hex'),
    mac: mac.toString('hex'),
  })
}

const bytes = (encoding: 'base64' | 'hex') => z.string().transform((text) => Buffer.from(text, encoding))

const exported = z.object({
  seq: z.number(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  object: z.string(),
  details: bytes('base64'),
  detailsRow: z.string(),
  hash: bytes('hex'),
  mac: bytes('hex'),
})

/**
 * The entry in a line, with or without its line end. Null for anything that `formatLine` would not write byte for byte:
 * a key given twice, for example, would let two readers see two entries in one line.
 */
export function parseLine(line: string): AuditEntry | null {
  const text = line.replace(/\r?\n$/, '')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const entry = exported.safeParse(value).data
  return entry !== undefined && formatLine(entry) === text ? entry : null
}
