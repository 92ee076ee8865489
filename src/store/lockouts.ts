/** The times of every lock-out: written under guards, so that a proof in the table is one that Gatehouse saw. */
import type pg from 'pg'
import type { AccountId, CredentialId, SubjectId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { copyRows } from './copy.ts'
import { type LockoutRow, type LockoutSteps, lockoutGuard, lockoutStepsGuard, signOffGuard } from './guards.ts'
import type { Settlement } from './settle-work.ts'

/** A lock-out as it is decided. */
export type NewLockout = Omit<
  LockoutRow,
  'guard' | 'steps_guard' | keyof LockoutSteps | 'signed_off_at' | 'signed_off_by' | 'sign_off_guard'
>

export async function insertLockouts(client: pg.ClientBase, vault: Vault, rows: readonly NewLockout[]): Promise<void> {
  const columns = [
    'id',
    'account_id',
    'person_id',
    'credential_id',
    'target',
    'version',
    'cause',
    'arrived_at',
    'decided_at',
    'trace',
  ] as const
  await copyRows(
    client,
    'lockout',
    [...columns, 'guard'],
    rows.map((row) => [...columns.map((name) => row[name]), vault.guard('lockout', lockoutGuard(row))]),
  )
}

export function isGenuineDecision(vault: Vault, row: LockoutRow): boolean {
  return row.guard !== null && vault.verifyGuard('lockout', lockoutGuard(row), row.guard)
}

const noSteps: LockoutSteps = {
  started_at: null,
  accepted_at: null,
  proven_at: null,
  proof: null,
  requests: 0,
  waiting_ms: 0,
  ended_at: null,
}

/** Nothing done yet is the one state that needs no signature: it claims nothing. */
export function areGenuineSteps(vault: Vault, row: LockoutRow): boolean {
  if (row.steps_guard !== null)
    return vault.verifyGuard('lockout_steps', lockoutStepsGuard(row.id, row), row.steps_guard)
  return (Object.keys(noSteps) as (keyof LockoutSteps)[]).every((name) => row[name] === noSteps[name])
}

/** The row without the steps that somebody else wrote into it. */
function genuine(vault: Vault, row: LockoutRow): LockoutRow {
  return areGenuineSteps(vault, row) ? row : { ...row, ...noSteps }
}

/** A lock-out that was just proven. */
export interface ProvenLockout {
  readonly id: string
  readonly account: AccountId
  /** One card of it; null: all of it. */
  readonly card: CredentialId | null
  readonly target: string
  readonly cause: string
  readonly proof: string
  readonly arrivedAt: Date
  readonly provenAt: Date
  /** Of that time, waiting for a slot at the target; in ms. */
  readonly waitingMs: number
  readonly trace: string | null
}

export interface SettledLockouts {
  readonly proven: readonly ProvenLockout[]
  /** Ids of rows in which somebody else had written steps: these count for nothing, and were written anew. */
  readonly forged: readonly string[]
}

/** Notes what came of runs on accounts that are to be shut; the caller holds the rows of these accounts. */
export async function settleLockouts(
  client: pg.ClientBase,
  vault: Vault,
  settlements: readonly Settlement[],
): Promise<SettledLockouts> {
  const runOf = new Map(settlements.map((settlement) => [settlement.account, settlement]))
  const stored = await lockoutsOf(client, [...runOf.keys()])
  const newest = new Map<AccountId, number>()
  for (const { account_id, version, credential_id } of stored)
    if (credential_id === null) newest.set(account_id, Math.max(version, newest.get(account_id) ?? 0))
  const changed: LockoutRow[] = []
  const forged: string[] = []
  for (const claimed of stored) {
    const run = runOf.get(claimed.account_id) as Settlement
    // Decided after this run began: it says nothing about that one.
    if (claimed.version > run.version) continue
    const row = genuine(vault, claimed)
    if (row !== claimed) forged.push(row.id)
    const card = row.credential_id
    const undone =
      card === null ? run.reopened && row.version === newest.get(row.account_id) : run.undoneCards.includes(card)
    if (row.ended_at !== null || (row.proven_at !== null && !undone)) continue
    const provenAt = card === null ? run.provenAt : run.shutCards.includes(card) ? run.seenAt : null
    changed.push({
      ...row,
      started_at: row.started_at ?? run.startedAt,
      accepted_at: row.accepted_at ?? run.acceptedAt,
      proven_at: provenAt,
      proof: provenAt === null ? null : run.proof,
      requests: row.requests + run.requests,
      waiting_ms: row.waiting_ms + Math.round(run.waitingMs),
    })
  }
  await writeSteps(client, vault, changed)
  const proven = changed.flatMap((row): ProvenLockout[] => {
    const { id, account_id: account, credential_id: card, target, cause, proof, trace } = row
    const { arrived_at: arrivedAt, proven_at: provenAt, waiting_ms: waitingMs } = row
    if (proof === null || provenAt === null) return []
    return [{ id, account, card, target, cause, proof, arrivedAt, provenAt, waitingMs, trace }]
  })
  return { proven, forged }
}

/**
 * Whoever is let in again need not be proven shut out any more, nor a card that is on again: of these accounts, lock-outs as a whole
 * end, and those of the cards that `cards` names. The caller holds the rows of these accounts.
 * Returns the ids of rows in which somebody else had written steps.
 */
export async function endLockouts(
  client: pg.ClientBase,
  vault: Vault,
  { accounts, cards }: { readonly accounts: readonly AccountId[]; readonly cards: readonly CredentialId[] },
  at: Date,
): Promise<readonly string[]> {
  const stored = (await lockoutsOf(client, accounts, cards)).filter(({ account_id, credential_id }) =>
    credential_id === null ? accounts.includes(account_id) : cards.includes(credential_id),
  )
  return end(client, vault, stored, at)
}

/** The same of single cards, each on one account: it may be used again, or is to be shut elsewhere only. */
export async function endCardLockouts(
  client: pg.ClientBase,
  vault: Vault,
  usable: readonly { readonly account: AccountId; readonly card: CredentialId }[],
  at: Date,
): Promise<readonly string[]> {
  const stored = await lockoutsOf(
    client,
    usable.map(({ account }) => account),
  )
  const own = stored.filter((row) =>
    usable.some(({ account, card }) => row.account_id === account && row.credential_id === card),
  )
  return end(client, vault, own, at)
}

async function end(
  client: pg.ClientBase,
  vault: Vault,
  stored: readonly LockoutRow[],
  at: Date,
): Promise<readonly string[]> {
  const rows = stored.map((row) => genuine(vault, row))
  const open = rows.filter((row) => row.proven_at === null && row.ended_at === null)
  await writeSteps(
    client,
    vault,
    open.map((row) => ({ ...row, ended_at: at })),
  )
  return rows.flatMap((row, at) => (row === stored[at] ? [] : [row.id]))
}

/** Somebody takes it upon themselves that this lock-out is not proven. The caller holds the account's row, and knows that it is open. */
export async function signOffLockout(
  client: pg.ClientBase,
  vault: Vault,
  row: LockoutRow,
  by: SubjectId,
  at: Date,
): Promise<void> {
  await writeSteps(client, vault, [{ ...row, ended_at: at }])
  const signed = { id: row.id, signed_off_at: at, signed_off_by: by }
  await client.query('update lockout set signed_off_at = $2, signed_off_by = $3, sign_off_guard = $4 where id = $1', [
    row.id,
    at,
    by,
    vault.guard('lockout_sign_off', signOffGuard(signed)),
  ])
}

export function isSignedOff(vault: Vault, row: LockoutRow): boolean {
  if (row.signed_off_at === null) return false
  return vault.verifyGuard('lockout_sign_off', signOffGuard(row), row.sign_off_guard ?? Buffer.alloc(0))
}

/** Takes away what somebody else wrote, so that the lock-out is open again. The caller holds the account's row. Null when there was nothing of that kind. */
export async function reopenForged(client: pg.ClientBase, vault: Vault, id: string): Promise<LockoutRow | null> {
  const { rows } = await client.query<LockoutRow>('select * from lockout where id = $1', [id])
  const [row] = rows
  if (row === undefined || areGenuineSteps(vault, row)) return null
  await writeSteps(client, vault, [{ ...row, ...noSteps }])
  return row
}

async function lockoutsOf(
  client: pg.ClientBase,
  accounts: readonly AccountId[],
  cards: readonly CredentialId[] = [],
): Promise<readonly LockoutRow[]> {
  if (accounts.length === 0 && cards.length === 0) return []
  const { rows } = await client.query<LockoutRow>(
    'select * from lockout where account_id = any($1::uuid[]) or credential_id = any($2::uuid[])',
    [accounts, cards],
  )
  return rows
}

async function writeSteps(client: pg.ClientBase, vault: Vault, rows: readonly LockoutRow[]): Promise<void> {
  if (rows.length === 0) return
  await client.query(
    `update lockout l set started_at = v.started, accepted_at = v.accepted, proven_at = v.proven, proof = v.proof, requests = v.requests,
            waiting_ms = v.waiting, ended_at = v.ended, steps_guard = v.guard
       from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[], $7::int[], $8::timestamptz[], $9::bytea[])
         as v(id, started, accepted, proven, proof, requests, waiting, ended, guard)
      where l.id = v.id`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.started_at),
      rows.map((row) => row.accepted_at),
      rows.map((row) => row.proven_at),
      rows.map((row) => row.proof),
      rows.map((row) => row.requests),
      rows.map((row) => row.waiting_ms),
      rows.map((row) => row.ended_at),
      rows.map((row) => vault.guard('lockout_steps', lockoutStepsGuard(row.id, row))),
    ],
  )
}

/** Lock-outs that are open, by their row, in id order. */
export async function openLockouts(pool: pg.Pool, after: string | null, limit: number): Promise<readonly LockoutRow[]> {
  const { rows } = await pool.query<LockoutRow>(
    `select * from lockout where proven_at is null and ended_at is null and ($1::uuid is null or id > $1) order by id limit $2`,
    [after, limit],
  )
  return rows
}

export async function lockoutsById(pool: pg.Pool, ids: readonly string[]): Promise<readonly LockoutRow[]> {
  const { rows } = await pool.query<LockoutRow>('select * from lockout where id = any($1::uuid[])', [ids])
  return rows
}

/** Those proven at that time or later, in that order. */
export async function lockoutsProvenAfter(pool: pg.Pool, since: Date, limit: number): Promise<readonly LockoutRow[]> {
  const { rows } = await pool.query<LockoutRow>(
    'select * from lockout where proven_at >= $1 order by proven_at limit $2',
    [since, limit],
  )
  return rows
}

/** Where the traces of open lock-outs of these accounts began. */
export async function traceRefs(
  pool: pg.Pool,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, string>> {
  const { rows } = await pool.query<{ account_id: AccountId; trace: string }>(
    `select account_id, trace from lockout
      where account_id = any($1::uuid[]) and trace is not null and proven_at is null and ended_at is null order by version`,
    [accounts],
  )
  return new Map(rows.map(({ account_id, trace }) => [account_id, trace]))
}

/** Which lock-outs: those decided from `since` on and before `until`, and of one person. */
export interface LockoutFilter {
  readonly since?: Date
  readonly until?: Date
  readonly person?: string
}

/** In the order in which they were decided, a thousand at a time. */
export async function* eachLockout(
  pool: pg.Pool,
  { since, until, person }: LockoutFilter,
): AsyncGenerator<readonly LockoutRow[]> {
  let after: LockoutRow | undefined
  do {
    const { rows }: { rows: LockoutRow[] } = await pool.query<LockoutRow>(
      `select * from lockout
        where ($1::timestamptz is null or decided_at >= $1) and ($2::timestamptz is null or decided_at < $2)
          and ($3::uuid is null or person_id = $3) and ($4::timestamptz is null or (decided_at, id) > ($4, $5::uuid))
        order by decided_at, id limit 1000`,
      [since ?? null, until ?? null, person ?? null, after?.decided_at ?? null, after?.id ?? null],
    )
    if (rows.length > 0) yield rows
    after = rows.at(-1)
  } while (after !== undefined)
}
