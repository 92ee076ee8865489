/** Records what happened in the transaction that makes it happen: both are committed, or neither is. */
import { randomUUID } from 'node:crypto'
import { CompiledQuery } from 'kysely'
import type pg from 'pg'
import { schemaName, type Tx } from '../store/database.ts'
import type { DataKey, GuardValue, Vault } from '../vault/vault.ts'
import type { AuditAction } from './actions.ts'
import { sealDetails } from './details.ts'
import type { AuditContent } from './entry.ts'

export interface AuditRecord {
  /** Who or what caused it: a subject's id, `source:` and its name, `policy`, `clock` or `engine`; it stays in clear. */
  readonly actor: string
  readonly action: AuditAction
  /** A random id, or '' when there is nothing to point at; it stays in clear. */
  readonly object: string
  /** Sealed. Never a token, a session id or another secret: these are of no use to a later reader. */
  readonly details: Readonly<Record<string, unknown>>
  /**
   * The key of the person whom somebody speaks of in the details, a reason for example: they are sealed under it, so that nobody reads
   * them once the person is erased. `object` then leads to the person, or `unnamed` is set. Without it they are sealed under the gateway's
   * own key.
   */
  readonly about?: DataKey | undefined
  /** Whose key it is, is sealed as well: for what is written beside a row that must not show in a dump whose it is. */
  readonly unnamed?: boolean
}

/** A transaction in either form; a bare client must be inside `begin`. */
export type AuditWriter = Tx | pg.ClientBase

const insert = `insert into ${schemaName}.audit_pending (at, actor, action, object, details, details_row, guard)
  select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::uuid[], $7::bytea[])`

/** @throws RangeError when actor or object is no plain id, or the details are too long. */
export async function recordAudit(tx: AuditWriter, vault: Vault, entry: AuditRecord): Promise<void> {
  await recordAuditMany(tx, vault, [entry])
}

/** All of them in one statement, in this order, and of this moment. @throws RangeError as `recordAudit`; then nothing was written. */
export async function recordAuditMany(
  tx: AuditWriter,
  vault: Vault,
  entries: readonly AuditRecord[],
  now = new Date(),
): Promise<void> {
  if (entries.length === 0) return
  const contents = entries.map((entry) => contentOf(vault, now, entry))
  const columns = [
    ...contentArrays(contents),
    contents.map((content) => vault.guard('audit_pending', guarded(content))),
  ]
  if ('isTransaction' in tx) await tx.executeQuery(CompiledQuery.raw(insert, columns))
  else await tx.query(insert, columns)
}

/** Checks and seals. @throws RangeError as `recordAudit`. */
export function contentOf(
  vault: Vault,
  now: Date,
  { actor, action, object, details, about, unnamed = false }: AuditRecord,
): AuditContent {
  // These two stay readable: this refuses names, addresses and e-mail, without repeating what it refuses.
  if (!/^[\w:.-]{1,200}$/.test(actor)) throw new RangeError('the actor of an audit entry is no plain id')
  if (!/^[\w:.-]{0,200}$/.test(object)) throw new RangeError('the object of an audit entry is no plain id')
  const detailsRow = randomUUID()
  const at = now.toISOString().replace('Z', '000Z')
  return { at, actor, action, object, details: sealDetails(vault, detailsRow, details, about, unnamed), detailsRow }
}

/** What a pending row's guard covers. Its number is not among it, for only PostgreSQL knows that; `detailsRow` names the row. */
export function guarded({ detailsRow, at, actor, action, object, details }: AuditContent): readonly GuardValue[] {
  return [detailsRow, at, actor, action, object, details]
}

/** One array per column, in the tables' order, for `unnest`. */
export function contentArrays(contents: readonly AuditContent[]): unknown[][] {
  return (['at', 'actor', 'action', 'object', 'details', 'detailsRow'] as const).map((name) =>
    contents.map((content) => content[name]),
  )
}
