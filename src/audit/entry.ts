/** One entry of the audit trail: its hash names everything before it, and its mac can't be made without the keyring. */
import { createHash } from 'node:crypto'
import { encodeValues } from '../vault/canonical.ts'
import type { Vault } from '../vault/vault.ts'

/** What happened, before it has a place in the chain. */
export interface AuditContent {
  /** ISO 8601, UTC, with six digits of a second as PostgreSQL keeps them. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  /** Sealed; see `details.ts`. */
  readonly details: Buffer
  /** Random UUID: the row that `details` is sealed to, and what tells a repeated entry. */
  readonly detailsRow: string
}

export interface AuditEntry extends AuditContent {
  /** From 1 up, without gaps. */
  readonly seq: number
  readonly hash: Buffer
  readonly mac: Buffer
}

/** The last entry of a chain; whoever keeps it elsewhere notices when anything up to it goes missing. */
export interface AuditHead {
  readonly seq: number
  readonly hash: Buffer
}

/** What the first entry has in place of its predecessor's hash. */
const genesis = Buffer.alloc(32)

/**
 * SHA-256 over the previous hash (32 zero bytes before the first entry), then "audit", seq in decimal, at, actor, action,
 * object, details, details row. Texts are 0x05, length, UTF-8; details are 0x07, length, bytes; lengths are four bytes,
 * most significant first. Anybody can check a chain with this and nothing else.
 */
export function hashEntry(previous: AuditHead | null, seq: number, content: AuditContent): Buffer {
  const { at, actor, action, object, details, detailsRow } = content
  return createHash('sha256')
    .update(previous?.hash ?? genesis)
    .update(encodeValues('audit', [String(seq), at, actor, action, object, details, detailsRow]))
    .digest()
}

/** Gives `content` the place after `previous`. */
export function link(vault: Vault, previous: AuditHead | null, content: AuditContent): AuditEntry {
  const seq = (previous?.seq ?? 0) + 1
  const hash = hashEntry(previous, seq, content)
  return { ...content, seq, hash, mac: macOf(vault, hash) }
}

/** Whether the holder of the keyring put this hash into the chain, at this place. */
export function isMac(vault: Vault, { seq, hash, mac }: Pick<AuditEntry, 'seq' | 'hash' | 'mac'>): boolean {
  return vault.verifyAuditEntry(seq, hash, ['entry', hash], mac)
}

// 'entry' keeps these apart from whatever else the audit key may come to sign.
function macOf(vault: Vault, hash: Buffer): Buffer {
  return vault.auditMac(['entry', hash])
}

/** A head as one word to write down: `seq:hash`, the hash in hex. */
export function formatHead(head: AuditHead): string {
  return `${head.seq}:${head.hash.toString('hex')}`
}

/** @throws RangeError for anything that `formatHead` does not write. */
export function parseHead(text: string): AuditHead {
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  if (seq === undefined || hash === undefined) throw new RangeError('an audit head looks like 17:<64 hex digits>')
  return { seq: Number(seq), hash: Buffer.from(hash, 'hex') }
}
