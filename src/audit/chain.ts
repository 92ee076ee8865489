/** Takes the entries of a trail in order, from wherever they come, and says up to where they are one whole chain. */
import type { Vault } from '../vault/vault.ts'
import { type AuditEntry, type AuditHead, formatHead, hashEntry, isMac } from './entry.ts'

/**
 * - `malformed`: a line that no export writes. - `gap`: entries are missing before this one. - `out-of-order`: an entry that
 *   does not belong here. - `changed`: it or what comes before it is not as it was written.
 * - `forged`: the chain is right, but it was not made with this gateway's keyring. - `truncated`: it ends before the
 *   expected head. - `head-differs`: it is another chain than the one whose head was written down.
 */
export const breaks = ['malformed', 'gap', 'out-of-order', 'changed', 'forged', 'truncated', 'head-differs'] as const
export type Break = (typeof breaks)[number]

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

export interface ChainOptions {
  /** Must be in the chain. Without it, nobody can tell that entries were cut off the end. */
  readonly expectedHead?: AuditHead
  /** Verified before: the first entry comes behind it. */
  readonly after?: AuditHead
}

export class ChainReader {
  readonly #vault: Vault | null
  readonly #expected: AuditHead | undefined
  #head: AuditHead | null
  #entries = 0
  #broken: { readonly at: number; readonly why: Break } | null = null

  /** Without a vault only the chain is checked, not who made it. @throws RangeError when the expected head lies before `after`. */
  constructor(vault: Vault | null, { expectedHead, after }: ChainOptions = {}) {
    if (expectedHead !== undefined && after !== undefined && expectedHead.seq < after.seq) {
      throw new RangeError('the expected head lies before the first entry to verify')
    }
    this.#vault = vault
    this.#expected = expectedHead
    this.#head = after ?? null
    if (after !== undefined && differs(after, expectedHead)) this.#broken = { at: after.seq, why: 'head-differs' }
  }

  get isBroken(): boolean {
    return this.#broken !== null
  }

  /** Null: what stands here is no entry. Nothing counts any more behind a break. */
  read(entry: AuditEntry | null): void {
    if (this.#broken !== null) return
    const why = this.#breakAt(entry)
    if (entry === null || why !== null) {
      this.#broken = { at: this.#next, why: why ?? 'malformed' }
      return
    }
    this.#head = { seq: entry.seq, hash: entry.hash }
    this.#entries += 1
  }

  /** What is known so far, were this the end. */
  verdict(): Verification {
    const expectedSeq = this.#expected?.seq ?? 0
    const broken = this.#broken ?? (this.#next <= expectedSeq ? { at: this.#next, why: 'truncated' as const } : null)
    return {
      ok: broken === null,
      entries: this.#entries,
      head: this.#head === null ? null : formatHead(this.#head),
      brokenAt: broken?.at ?? null,
      why: broken?.why ?? null,
    }
  }

  get #next(): number {
    return (this.#head?.seq ?? 0) + 1
  }

  #breakAt(entry: AuditEntry | null): Break | null {
    if (entry === null) return 'malformed'
    const seq = this.#next
    if (entry.seq !== seq) return entry.seq > seq ? 'gap' : 'out-of-order'
    if (!hashEntry(this.#head, seq, entry).equals(entry.hash)) return 'changed'
    if (this.#vault !== null && !isMac(this.#vault, entry)) return 'forged'
    return differs(entry, this.#expected) ? 'head-differs' : null
  }
}

/** Whether both claim the same place with different hashes. */
function differs(head: AuditHead, expected: AuditHead | undefined): boolean {
  return expected !== undefined && head.seq === expected.seq && !head.hash.equals(expected.hash)
}
