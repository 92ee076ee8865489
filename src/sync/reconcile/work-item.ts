/** One account with something to do, as loaded for a worker: checked, opened, and fixed at one desired version. */
import type pg from 'pg'
import type { Card } from '../../model/card.ts'
import type { AccountId, CredentialId, PersonId, PinIssueId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import type { AccountFacts } from '../../store/dossier.ts'
import { isGenuineErasure } from '../../store/erasures.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  type ErasureRow,
  intentGuard,
} from '../../store/guards.ts'
import { openPins } from '../../store/pins.ts'
import type { Intent } from '../../store/schema.ts'
import type { Claim } from '../../store/work.ts'
import type { DataKey, Vault } from '../../vault/vault.ts'
import { isRowFault, unlessRowFault, VaultError } from '../../vault/vault-error.ts'
import { openFacts } from '../account-facts.ts'
import { stillToUndo } from '../drift/reverts.ts'
import { stillToShut } from '../drift/still-to-shut.ts'
import { openExternalId } from '../external-id.ts'
import { type Owned, ownedOf } from '../owned-row.ts'
import { ownersOf } from '../owners-of.ts'
import { decodeParts, type Parts } from '../parts.ts'
import type { NotedAccount } from './noted-account.ts'

export interface WorkItem {
  readonly claim: Claim
  readonly row: AccountRow
  readonly key: DataKey
  readonly externalId: string
  readonly desired: Parts
  readonly facts: AccountFacts
  readonly cards: ReadonlyMap<CredentialId, Card>
  /** Of these cards, those that are lost: blocked wherever they lie. */
  readonly lost: ReadonlySet<CredentialId>
  readonly owned: Owned
  /** Cards that were noted to be shut there, and may be used again. */
  readonly usable?: readonly CredentialId[]
  /** `owned.maybe`, with the cards that this person holds. */
  readonly maybe: { readonly levels: readonly string[]; readonly cards: readonly CredentialId[] }
  /** What earlier runs set out for, whose end was never noted. */
  readonly intents: readonly Parts[]
  /** An operator's lock-out of the whole account, or its suspension, waits for its proof: lifting it must restore no more than what it closed. */
  readonly byOperator: boolean
  /** A PIN that is still to be set; its digits are null when its row is gone, and it must be issued anew. */
  readonly pin: { readonly id: PinIssueId; readonly digits: string | null } | null
  /** What the target showed when it was last read; null when it never was. */
  readonly lastSeen: NotedAccount | null
  /** The person is erased: once shut out, the account is taken away. */
  readonly erasure: string | null
}

/**
 * Loads claimed accounts in two queries; lock-outs and PINs in one more each, and cards that were noted to be shut in a few. One whose guard or seal is wrong is frozen, alarmed and left
 * out. That alone decides: the mark says since when, and one that stands on a row which is right was put there by somebody else.
 */
export async function loadWork(
  pool: pg.Pool,
  vault: Vault,
  claims: readonly Claim[],
  now: Date,
): Promise<readonly WorkItem[]> {
  const ids = claims.map(({ account_id }) => account_id)
  const accounts = await pool.query<
    AccountRow & { epoch: string | null; wrapped: Buffer | null; erasing: string | null }
  >(
    `select a.*, k.epoch, k.wrapped, e.id as erasing from account a left join person_key k on k.id = a.key_id
       left join erasure e on e.person_id = a.person_id and e.deleted_at is null where a.id = any($1::uuid[])`,
    [ids],
  )
  const erasures = await genuineErasures(
    pool,
    vault,
    accounts.rows.flatMap(({ erasing }) => erasing ?? []),
  )
  const people = ownersOf(accounts.rows)
  const credentials = await pool.query<CredentialRow>('select * from credential where person_id = any($1::uuid[])', [
    people,
  ])
  const byOperator = await lockedByOperators(pool, claims)
  const cardsOf = Map.groupBy(credentials.rows, ({ person_id }) => person_id)
  const claimOf = new Map(claims.map((claim) => [claim.account_id, claim]))
  const items: WorkItem[] = []
  const mismarked: AccountId[] = []
  for (const { epoch, wrapped, erasing, ...row } of accounts.rows) {
    try {
      if (epoch === null || wrapped === null) throw new VaultError('vault.unwrap-failed')
      const key = vault.unwrap({ id: row.key_id, epoch, wrapped })
      const item = open(
        vault,
        row,
        key,
        claimOf.get(row.id) as Claim,
        cardsOf.get(row.person_id as PersonId) ?? [],
        byOperator,
        now,
      )
      if (row.frozen_at !== null) mismarked.push(row.id)
      const erasure = erasing !== null && erasures.has(erasing) ? erasing : null
      if (item !== null) items.push({ ...item, erasure })
      else await pool.query('delete from account_work where account_id = $1', [row.id])
    } catch (error) {
      if (!isRowFault(error)) throw error
      await freeze(pool, vault, row.id)
    }
  }
  await unmark(pool, vault, mismarked)
  return withPins(pool, vault, await stillToShut(pool, vault, items))
}

/** Only an open account gets one: whoever is shut out needs none. */
async function withPins(pool: pg.Pool, vault: Vault, items: readonly WorkItem[]): Promise<readonly WorkItem[]> {
  const asked = items.flatMap(({ desired, owned, row, key }) =>
    desired.pin === undefined || desired.pin === owned.pin || desired.lock === 'closed'
      ? []
      : [{ account: row.id, id: desired.pin, person: row.person_id, key }],
  )
  if (asked.length === 0) return items
  const digits = await openPins(pool, vault, asked)
  const byAccount = new Map(asked.map(({ account, id }) => [account, id]))
  return items.map((item) => {
    const id = byAccount.get(item.row.id)
    return id === undefined ? item : { ...item, pin: { id, digits: digits.get(id) ?? null } }
  })
}

/** Whoever only writes that somebody is erased has no account removed. */
async function genuineErasures(pool: pg.Pool, vault: Vault, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await pool.query<ErasureRow>('select * from erasure where id = any($1::uuid[])', [ids])
  return new Set(rows.filter((row) => isGenuineErasure(vault, row)).map(({ id }) => id))
}

/** Null when there is nothing desired yet. @throws VaultError */
function open(
  vault: Vault,
  row: AccountRow,
  key: DataKey,
  claim: Claim,
  credentials: readonly CredentialRow[],
  byOperator: ReadonlySet<AccountId>,
  now: Date,
): Omit<WorkItem, 'erasure'> | null {
  if (!vault.verifyGuard('account', accountGuard(row), row.guard)) throw new VaultError('vault.open-failed')
  const owned = stillToUndo(ownedOf(vault, row), now)
  if (row.desired === null || row.desired_facts === null || row.desired_facts_version === null) return null
  const cards = new Map<CredentialId, Card>()
  for (const credential of credentials) {
    if (!vault.verifyGuard('credential', credentialGuard(credential), credential.guard))
      throw new VaultError('vault.open-failed')
    const text = vault.open(
      key,
      { table: 'credential', column: 'card', row: credential.id, version: 1 },
      credential.card,
    )
    cards.set(credential.id, JSON.parse(text) as Card)
  }
  const maybeCards = new Set(owned.maybe?.cards)
  return {
    claim,
    row,
    key,
    externalId: openExternalId(vault, key, row),
    desired: decodeParts(row.desired),
    facts: openFacts(vault, key, row.id, row.desired_facts_version, row.desired_facts),
    cards,
    lost: new Set(credentials.filter(({ state }) => state === 'lost').map(({ id }) => id)),
    byOperator: byOperator.has(row.id),
    pin: null,
    owned,
    maybe: {
      levels: owned.maybe?.levels ?? [],
      cards: credentials.filter(({ digest }) => maybeCards.has(digest.toString('base64url'))).map(({ id }) => id),
    },
    lastSeen: lastSeen(vault, row, key),
    intents: genuineIntents(vault, row.id, claim).map(({ desired }) => decodeParts(desired)),
  }
}

/** Of these accounts, those with an operator's lock-out, or a suspension, that is not proven. */
async function lockedByOperators(pool: pg.Pool, claims: readonly Claim[]): Promise<ReadonlySet<AccountId>> {
  const urgent = claims.flatMap(({ account_id, lane }) => (lane === 'urgent' ? [account_id] : []))
  if (urgent.length === 0) return new Set()
  const { rows } = await pool.query<{ account_id: AccountId }>(
    `select distinct account_id from lockout
      where account_id = any($1::uuid[]) and credential_id is null and cause in ('operator', 'suspended') and proven_at is null and ended_at is null`,
    [urgent],
  )
  return new Set(rows.map(({ account_id }) => account_id))
}

/**
 * The list of work is not guarded: a state that was never desired of this account is no intent of ours, and whatever else lies there
 * keeps neither this account nor the others of the batch from being worked on.
 */
function genuineIntents(vault: Vault, account: AccountId, { intents }: Claim): readonly Intent[] {
  const stored: unknown = intents
  if (!Array.isArray(stored)) return []
  return stored.filter((intent: Partial<Intent> | null): intent is Intent => {
    if (typeof intent?.desired !== 'string' || typeof intent.mac !== 'string') return false
    return vault.verifyGuard('account_intent', intentGuard(account, intent.desired), Buffer.from(intent.mac, 'base64'))
  })
}

/** What it sets out for is in its row, for whoever comes after a process that dies. Where somebody else wrote there, nothing can be told, and it is worked on. */
export function isNoted({ claim: { noted }, row: { desired } }: WorkItem): boolean {
  const stored: unknown = noted
  return !Array.isArray(stored) || stored.some((intent: Partial<Intent> | null) => intent?.desired === desired)
}

/** Only a saving of requests: when it can't be opened, the target is asked. */
function lastSeen(vault: Vault, row: AccountRow, key: DataKey): NotedAccount | null {
  if (row.actual === null || row.actual_version === null) return null
  const place = { table: 'account', column: 'actual', row: row.id, version: row.actual_version }
  const { actual } = row
  return unlessRowFault(() => JSON.parse(vault.open(key, place, actual)) as NotedAccount | null)
}

async function freeze(pool: pg.Pool, vault: Vault, account: AccountId): Promise<void> {
  await pool.query('update account set frozen_at = coalesce(frozen_at, now()) where id = $1', [account])
  await pool.query('delete from account_work where account_id = $1', [account])
  await raiseAlarm(pool, vault, 'guard.failed', account)
}

async function unmark(pool: pg.Pool, vault: Vault, accounts: readonly AccountId[]): Promise<void> {
  if (accounts.length === 0) return
  await pool.query('update account set frozen_at = null where id = any($1::uuid[])', [accounts])
  for (const account of accounts) await raiseAlarm(pool, vault, 'guard.failed', account)
}

/** As claims of accounts that are only looked at. */
export function claimsToLookAt(
  accounts: readonly { readonly id: AccountId; readonly intents: readonly Intent[] }[],
): readonly Claim[] {
  return accounts.map(({ id, intents }) => ({
    ...{ account_id: id, intents, noted: intents, lane: 'bulk' as const },
    ...{ attempts: 0, verify_at: null, verify_due: false, lease_counter: '0' },
  }))
}
