/** Replaces all keys of a store, in one transaction: until it commits nothing has happened, and after it nothing is left to do. */
import type pg from 'pg'
import { appendBatch, appendOnce, holdAppender } from '../../audit/append.ts'
import type { Verification } from '../../audit/chain.ts'
import { auditHead } from '../../audit/read.ts'
import { recordAudit } from '../../audit/record.ts'
import { verifyAudit } from '../../audit/verify.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { catalogue } from '../../store/catalogue.ts'
import { keySetGuard } from '../../store/guards.ts'
import type { FormerKeys } from '../../vault/keyring.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Turn } from './turn.ts'

/**
 * Chains what is still to be chained with the keys that wrote it, looks through the whole audit trail, and notes in the store which keys
 * it is under. @throws Refusal `keys.busy` while somebody else appends; what `pg` throws.
 */
export async function prepareStore(pool: pg.Pool, vault: Vault): Promise<Verification> {
  for (;;) {
    const appended = await appendOnce(pool, vault)
    if (appended === null) throw new Refusal('keys.busy')
    if (appended.taken < appendBatch) break
  }
  await pool.query('update gateway set key_set = $2, key_set_guard = $3 where id = $1', [
    vault.gatewayId,
    vault.keySet,
    vault.guard('gateway', keySetGuard(vault.gatewayId, vault.keySet)),
  ])
  return verifyAudit(pool, vault)
}

/** Whether the store is under these keys; nobody without them can say so. */
export async function isUnder(client: pg.ClientBase | pg.Pool, vault: Vault): Promise<boolean> {
  const { rows } = await client.query<{ id: string; key_set: string | null; key_set_guard: Buffer | null }>(
    'select id, key_set, key_set_guard from gateway',
  )
  const [row] = rows
  if (row === undefined || row.key_set !== vault.keySet || row.key_set_guard === null) return false
  return vault.verifyGuard('gateway', keySetGuard(row.id, row.key_set), row.key_set_guard)
}

/**
 * Keeps everybody else from writing until the end of the transaction, and returns the head of the audit trail, up to which the old keys
 * are believed. @throws what `pg` throws, when somebody does write.
 */
export async function holdStore(client: pg.ClientBase): Promise<FormerKeys['head']> {
  await client.query(`set local lock_timeout = '10s'`)
  const tables = Object.keys(catalogue).filter((name) => name !== 'audit')
  await client.query(`lock table ${tables.join(', ')} in exclusive mode`)
  await holdAppender(client)
  const head = await auditHead(client)
  return head === null ? null : { seq: head.seq, hash: head.hash.toString('hex') }
}

export interface Replacing {
  readonly by: SubjectId
  readonly reason: string
  readonly trail: Verification
}

/** The first entry under the new keys, in the transaction of `holdStore`. */
export async function recordReplaced(
  client: pg.ClientBase,
  turn: Turn,
  { by, reason, trail }: Replacing,
): Promise<void> {
  const { old, next, tally } = turn
  await recordAudit(client, next, {
    actor: by,
    action: 'keys.replaced',
    object: next.keySet,
    details: {
      reason,
      before: old.keySet,
      trail: trail.ok ? trail.head : { brokenAt: trail.brokenAt, why: trail.why },
      refused: countsOf(turn, 'refused'),
      unreadable: countsOf(turn, 'unreadable'),
      rows: tally.sum('rows'),
    },
  })
}

/** By table, where there are any. */
function countsOf({ tally }: Turn, name: 'refused' | 'unreadable'): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...tally.tables].flatMap(([table, counts]) => (counts[name] === 0 ? [] : [[table, counts[name]]])),
  )
}
