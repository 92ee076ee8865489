/**
 * Has what somebody changed by hand undone: noted with the account and signed, so that the ordinary run of its worker does it, under the
 * same lease and the same stops as any other work. Whoever has changes that wait for a plan is left alone until that is decided.
 */
import type pg from 'pg'
import { type AuditRecord, recordAuditMany } from '../../audit/record.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import type { Lane } from '../../model/lane.ts'
import { type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import type { Drift } from '../../store/drifts.ts'
import { ownedGuard } from '../../store/guards.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { enqueue } from '../../store/work.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { bump } from '../desire.ts'
import { tellForged } from '../forged.ts'
import { encodeOwned, type Owned, ownedOf } from '../owned-row.ts'
import { decodeParts, isPending, partOf } from '../parts.ts'
import { isFought, revertOf } from './reverts.ts'

/** Accounts per transaction. */
export const undoBatch = 50

export type Asked = ReadonlyMap<AccountId, readonly Drift[]>

export interface Undoing {
  readonly actor: string
  /** Of a person; left out where it is the engine. */
  readonly reason?: string
  readonly lane: Lane
  /** What is noted of the account with this drift undone; null leaves it as it is. */
  readonly decide: (owned: Owned, drift: Drift, dossier: Dossier, account: DossierAccount) => Owned | null
  /** Also of accounts with changes or work that wait, and of extra ones. */
  readonly byForce?: true
}

export interface Undone {
  readonly dossier: Dossier
  readonly account: DossierAccount
  readonly drift: Drift
}

/** Part of the caller's transaction. What a worker is at is left out, and so is whoever has a row that can't be trusted. Returns what will be undone. */
export async function undoSome(
  client: pg.ClientBase,
  context: SyncContext,
  asked: Asked,
  undoing: Undoing,
): Promise<readonly Undone[]> {
  const { vault } = context
  const ids = [...asked.keys()]
  const { rows: people } = await client.query<{ person_id: PersonId }>(
    'select distinct person_id from account where id = any($1::uuid[]) and person_id is not null',
    [ids],
  )
  const loaded = await loadDossiers(
    client,
    vault,
    people.map(({ person_id }) => person_id),
  )
  await tellForged(client, context, ...loaded.frozen)
  // The accounts are locked by now: whoever puts one on the list from here on waits, and its worker sees what is noted below.
  const { rows: work } = await client.query<{ account_id: AccountId }>(
    // By force also what waits or was given up: nobody is at that, and it goes on with what is noted here.
    `select account_id from account_work where account_id = any($1::uuid[]) and (lease_until > now() or not $2) order by account_id for update`,
    [ids, undoing.byForce === true],
  )
  // Of a worker whose lease is over nobody knows whether it still goes on: what it notes would be without what is noted here.
  await client.query(
    `update account_work set lease_owner = null, lease_until = null where account_id = any($1::uuid[]) and lease_until <= now()`,
    [ids],
  )
  const busy = new Set(work.map(({ account_id }) => account_id))
  const dossiers = [...loaded.dossiers.values()]
  const decided = dossiers.flatMap((dossier) =>
    dossier.accounts.flatMap((account) => {
      const drifts = asked.get(account.row.id) ?? []
      const isLeft = busy.has(account.row.id) || !isOpenAndQuiet(account, undoing.byForce === true)
      return drifts.length === 0 || isLeft ? [] : [noteUndo(context, dossier, account, drifts, undoing)]
    }),
  )
  const begun = decided.flatMap(({ undone }) => undone)
  await saveDossiers(client, vault, dossiers)
  const toDo = dossiers.flatMap(({ accounts }) =>
    accounts.flatMap(({ row }) =>
      begun.some(({ account }) => account.row === row) ? [{ id: row.id, target: row.target }] : [],
    ),
  )
  await enqueue(client, undoing.lane, toDo)
  await recordAuditMany(
    client,
    vault,
    decided.flatMap(({ entries }) => entries),
    context.now(),
  )
  return begun
}

function isOpenAndQuiet({ row }: DossierAccount, byForce: boolean): boolean {
  if (row.desired === null || decodeParts(row.desired).lock === 'closed') return false
  return byForce || (row.is_primary && !isPending(row.desired, decodeParts(row.wanted)))
}

function noteUndo(
  { vault }: SyncContext,
  dossier: Dossier,
  account: DossierAccount,
  drifts: readonly Drift[],
  { actor, reason, decide }: Undoing,
): { readonly undone: readonly Undone[]; readonly entries: readonly AuditRecord[] } {
  const { row } = account
  const before = unlessRowFault(() => ownedOf(vault, row))
  // The worker that loads it next says so.
  if (before === null) return { undone: [], entries: [] }
  let owned: Owned = before
  const changed = drifts.filter((drift) => {
    const next = decide(owned, drift, dossier, account)
    if (next !== null) owned = next
    return next !== null
  })
  if (changed.length === 0) return { undone: [], entries: [] }
  row.owned = encodeOwned(owned)
  row.owned_guard = vault.guard('account_owned', ownedGuard(row.id, row.owned))
  touch(account)
  const undone = changed.filter((drift) => revertOf(owned, drift)?.now === true)
  if (undone.length > 0) bump(account)
  const told = changed.filter((drift) => undone.includes(drift) || isFought(owned, drift))
  return {
    undone: undone.map((drift) => ({ dossier, account, drift })),
    entries: told.map((drift) => ({
      actor,
      action: undone.includes(drift) ? ('drift.reverted' as const) : ('drift.fought' as const),
      object: row.id,
      details: {
        ...{ target: row.target, class: drift.class, part: drift.part },
        ...(reason === undefined ? {} : { reason }),
        ...(revertOf(owned, drift)?.shut === undefined ? {} : { shut: true }),
      },
      // What a person wrote goes with whom it is about.
      ...(reason === undefined ? {} : { about: dossier.key }),
    })),
  }
}

/**
 * Whether it is Gatehouse's to undo. A level that somebody gave is so only where a rule hands that level out, or where the configuration
 * says that nobody else gives it.
 */
export function isOursToUndo(
  { levels, policy }: SyncContext,
  target: TargetSetup,
  { class: is, part }: Drift,
): boolean {
  if (is !== 'level-added') return true
  const named = partOf(part)
  const ref = named.is === 'level' ? levels.nameOf(named.id) : undefined
  const start = `${target.id}/`
  if (ref === undefined || !ref.startsWith(start)) return false
  return policy.levels().includes(ref) || target.authoritative.includes(ref.slice(start.length))
}
