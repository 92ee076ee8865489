/** Says up to where the trail is complete and unchanged, and what is wrong with the first entry that isn't. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type AuditEntry, type AuditHead, formatHead, hashEntry, isMac } from './entry.ts'
import { parseLine } from './export.ts'
import { pageSizeMax, readAudit } from './read.ts'

/**
 * - `malformed`: a line that no export writes. - `gap`: entries are missing before this one. - `out-of-order`: an entry that
 *   does not belong here. - `changed`: it or what comes before it is not as it was written.
 * - `forged`: the chain is right, but it was not made with this gateway's keyring. - `truncated`: it ends before the
 *   expected head. - `head-differs`: it is another chain than the one whose head was written down.
 */
export type Break = 'malformed' | 'gap' | 'out-of-order' | 'changed' | 'forged' | 'truncated' | 'head-differs'

export interface Verification {
  readonly ok: boolean
  /** How many were verified before the break, if any. */
  readonly entries: number
  /** The last verified entry as `seq:hash`; null when there is none. Written down elsewhere, it is the next `expectedHead`. */
  readonly head: string | null
  /** The number that the first bad or missing entry has or should have. */
  readonly brokenAt: number | null
  readonly why: Break | null
}

export interface VerifyOptions {
  /** Must be in the chain. Without it, nobody can tell that entries were cut off the end. */
  readonly expectedHead?: AuditHead
  /** Verified before: starts behind it. */
  readonly after?: AuditHead
  readonly pageSize?: number
}

/**
 * Verifies the stored trail, 2,000 entries at a time. Without a vault only the chain is checked: whoever can write to the
 * database can make another chain, though not one that leads to an expected head.
 * @throws RangeError when the expected head lies before `after`; what `pg` throws.
 */
export function verifyAudit(pool: pg.Pool, vault: Vault | null, options: VerifyOptions = {}): Promise<Verification> {
  return verify(readAudit(pool, options.after?.seq ?? 0, options.pageSize ?? pageSizeMax), vault, options)
}

/** Verifies the lines of an export, without any database. Blank lines count for nothing. @throws RangeError as `verifyAudit`. */
export function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  vault: Vault | null,
  options: Omit<VerifyOptions, 'pageSize'> = {},
): Promise<Verification> {
  return verify(parseLines(lines), vault, options)
}

async function* parseLines(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<AuditEntry | null> {
  for await (const line of lines) {
    if (line.trim() !== '') yield parseLine(line)
  }
}

async function verify(
  entries: AsyncIterable<AuditEntry | null>,
  vault: Vault | null,
  { expectedHead, after }: VerifyOptions,
): Promise<Verification> {
  if (expectedHead !== undefined && after !== undefined && expectedHead.seq < after.seq) {
    throw new RangeError('the expected head lies before the first entry to verify')
  }
  let head: AuditHead | null = after ?? null
  let count = 0
  const result = (why: Break | null, brokenAt: number | null): Verification => ({
    ok: why === null,
    entries: count,
    head: head === null ? null : formatHead(head),
    brokenAt,
    why,
  })

  if (after !== undefined && differs(after, expectedHead)) return result('head-differs', after.seq)
  for await (const entry of entries) {
    const why = breakAt(head, entry, vault, expectedHead)
    if (entry === null || why !== null) return result(why, (head?.seq ?? 0) + 1)
    head = { seq: entry.seq, hash: entry.hash }
    count += 1
  }
  const seq = head?.seq ?? 0
  return expectedHead !== undefined && seq < expectedHead.seq ? result('truncated', seq + 1) : result(null, null)
}

function breakAt(
  previous: AuditHead | null,
  entry: AuditEntry | null,
  vault: Vault | null,
  expectedHead: AuditHead | undefined,
): Break | null {
  if (entry === null) return 'malformed'
  const seq = (previous?.seq ?? 0) + 1
  if (entry.seq !== seq) return entry.seq > seq ? 'gap' : 'out-of-order'
  if (!hashEntry(previous, seq, entry).equals(entry.hash)) return 'changed'
  if (vault !== null && !isMac(vault, entry.hash, entry.mac)) return 'forged'
  return differs(entry, expectedHead) ? 'head-differs' : null
}

/** Whether both claim the same place with different hashes. */
function differs(head: AuditHead, expected: AuditHead | undefined): boolean {
  return expected !== undefined && head.seq === expected.seq && !head.hash.equals(expected.hash)
}
