/** The lines of an exported trail: each is written in one way, and taken back only when it is exactly that. */
import { z } from 'zod'
import { parseJson } from '../model/parse-json.ts'
import { plainJson } from '../model/plain-json.ts'
import { breaks } from './chain.ts'
import type { AuditEntry } from './entry.ts'
import type { Opened } from './page.ts'
import type { LineType } from './signed-line.ts'

/**
 * Without a line end. `details` are in base64 (RFC 4648, section 4), `hash` and `mac` in lower-case hex. `opened` is for readers: it is
 * no part of the chain, and only the digest in the last line covers it. Left out, the line shows no more than the table does.
 */
export function formatLine(entry: AuditEntry, opened?: Opened): string {
  const { seq, at, actor, action, object, details, detailsRow, hash, mac } = entry
  return plainJson({
    ...{ seq, at, actor, action, object },
    details: details.toString('base64'),
    detailsRow,
    hash: hash.toString('hex'),
    mac: mac.toString('hex'),
    ...(opened === undefined ? {} : { opened }),
  })
}

const bytes = (encoding: 'base64' | 'hex') => z.string().transform((text) => Buffer.from(text, encoding))

const exported = z.object({
  ...{ seq: z.number(), at: z.string(), actor: z.string(), action: z.string(), object: z.string() },
  details: bytes('base64'),
  detailsRow: z.string(),
  hash: bytes('hex'),
  mac: bytes('hex'),
  opened: z.custom<Opened>((value) => typeof value === 'object').optional(),
})

/**
 * The entry in a line. Null for anything that `formatLine` would not write byte for byte: a key given twice, for example, would
 * let two readers see two entries in one line.
 */
export function parseLine(text: string): AuditEntry | null {
  const read = exported.safeParse(parseJson(text)).data
  if (read === undefined) return null
  const { opened, ...entry } = read
  return formatLine(entry, opened) === text ? entry : null
}

/** What the last line states, not verified: for whoever got it from the gateway itself. Null when it is none. */
export function readEnding(text: string): ExportEnding | null {
  const line = z.object({ type: z.literal(exportEndType), content: exportEnding })
  return line.safeParse(parseJson(text)).data?.content ?? null
}

export const exportEndType: LineType = 'audit-export/1'

/** The last line: what the gateway found in its trail when it wrote the lines before, and by what they are known to be the same. */
export const exportEnding = z.strictObject({
  exportedAt: z.iso.datetime(),
  /** Whether details are opened in these lines. */
  opened: z.boolean(),
  lines: z.int(),
  /** Over all lines before, each with its line feed; in hex. */
  sha256: z.string(),
  /** These are as in `Verification`, with the keyring at hand. */
  entries: z.int(),
  head: z.string().nullable(),
  brokenAt: z.int().nullable(),
  why: z.enum(breaks).nullable(),
})
export type ExportEnding = z.output<typeof exportEnding>
