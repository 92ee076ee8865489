/** Passes lock-outs at once, outside every plan: a leaver named by a record waits for nothing, unless its source is suspect. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAuditMany } from '../audit/record.ts'
import type { AccountId, CredentialId } from '../model/id.ts'
import { type Dossier, type DossierAccount, touch } from '../store/dossier.ts'
import { endLockouts, insertLockouts } from '../store/lockouts.ts'
import type { TargetMode } from '../store/target-modes.ts'
import { enqueue } from '../store/work.ts'
import type { SyncContext } from './context.ts'
import { desire, type Moved } from './desire.ts'
import { tellForged } from './forged.ts'
import { type Change, changesBetween, decodeParts, type Parts } from './parts.ts'

export interface LockoutCause {
  /** Who is named in the audit: a subject, or `source:hr`, `clock`. */
  readonly actor: string
  readonly because:
    | 'record'
    | 'absence'
    | 'operator'
    | 'clock'
    | 'policy'
    | 'release'
    | 'restore'
    | 'undone'
    | 'suspended'
  /** When the news reached us: lock-outs are timed from here. */
  readonly arrivedAt: Date
}

/** What wants shutting of one account, and waits for no plan. */
export interface Lockout {
  readonly dossier: Dossier
  readonly account: DossierAccount
  readonly changes: readonly Change[]
}

/** An account that was shut by a decision just made: as a whole, or else some cards of it. */
export interface PassedLockout extends Pick<Moved, 'whole' | 'cardsShut'> {
  readonly dossier: Dossier
  readonly account: DossierAccount
}

/**
 * What wants shutting by a record, by the clock or by an operator. Protected people are left to the plan, but for their lost cards, and
 * targets that are only observed to the moment when they are enabled.
 */
export function lockoutsAmong(
  dossiers: Iterable<Dossier>,
  modes: ReadonlyMap<string, TargetMode>,
  absence: (dossier: Dossier) => boolean,
): Lockout[] {
  const found: Lockout[] = []
  for (const dossier of dossiers) {
    for (const account of dossier.accounts) {
      const reaches = modes.get(account.row.target)?.locksOut === true
      const changes = reaches ? shutting(dossier, account, absence) : []
      if (changes.length > 0) found.push({ dossier, account, changes })
      else letGo(account)
    }
  }
  return found
}

function shutting(dossier: Dossier, { row }: DossierAccount, absence: (dossier: Dossier) => boolean): Change[] {
  if (!row.pending || row.desired === null) return []
  const before = decodeParts(row.desired)
  const after = decodeParts(row.wanted)
  if (dossier.person.protected && dossier.person.locked_at === null) return lostCards(dossier, before, after)
  const leaving = absence(dossier) ? 'lockout-absence' : 'lockout-record'
  return changesBetween(before, after, leaving).filter(({ kind }) => kind === 'lockout-record')
}

/** A card in a stranger's hands endangers whoever is protected most of all. */
function lostCards({ credentials }: Dossier, before: Parts, after: Parts): Change[] {
  return credentials.flatMap(({ row: { id, state } }) =>
    state === 'lost' && before.cards[id] === 'on' && after.cards[id] === 'blocked'
      ? [{ kind: 'lockout-record', part: `card:${id}`, before: 'on', after: 'blocked' }]
      : [],
  )
}

/** Nothing of it waits for a suspect source any more. */
function letGo(account: DossierAccount): void {
  if (account.row.suspect_at === null) return
  account.row.suspect_at = null
  touch(account)
}

/** Makes them desired, in memory; the caller saves the dossiers and then calls `recordLockouts` in the same transaction. */
export function passLockouts(lockouts: readonly Lockout[]): PassedLockout[] {
  return lockouts.map(({ dossier, account, changes }) => {
    const { whole, cardsShut } = desire(account, changes)
    // What else is to be shut of a protected person waits for their release, and not for the source.
    letGo(account)
    return { dossier, account, whole, cardsShut }
  })
}

/** Puts passed lock-outs on the urgent list, starts their clocks, and names who caused them. */
export async function recordLockouts(
  client: pg.ClientBase,
  context: SyncContext,
  passed: readonly PassedLockout[],
  cause: LockoutCause,
): Promise<readonly string[]> {
  if (passed.length === 0) return []
  const decidedAt = context.now()
  const entries = passed.flatMap(({ whole, cardsShut, ...entry }) =>
    (whole ? [null] : cardsShut).map((card) => ({ ...entry, card, lockout: randomUUID() })),
  )
  await insertLockouts(
    client,
    context.vault,
    entries.map(({ lockout, card, dossier, account: { row } }) => ({
      id: lockout,
      account_id: row.id,
      person_id: dossier.person.id,
      credential_id: card,
      target: row.target,
      version: row.desired_version,
      cause: cause.because,
      arrived_at: cause.arrivedAt,
      decided_at: decidedAt,
      trace: context.traces.here(),
    })),
  )
  await enqueue(
    client,
    'urgent',
    passed.map(({ account }) => ({ id: account.row.id, target: account.row.target })),
  )
  await recordAuditMany(
    client,
    context.vault,
    entries.map(({ account, card, lockout }) => ({
      actor: cause.actor,
      action: card === null ? ('lockout.opened' as const) : ('credential.blocked' as const),
      object: account.row.id,
      details: { because: cause.because, target: account.row.target, lockout, ...(card === null ? {} : { card }) },
    })),
  )
  return entries.map(({ lockout }) => lockout)
}

/** Whoever is let in again need not be proven shut out any more, nor a card that is on again. */
export async function noteReopened(
  client: pg.ClientBase,
  context: SyncContext,
  accounts: readonly AccountId[],
  cards: readonly CredentialId[] = [],
): Promise<void> {
  // Somebody wrote times into these that Gatehouse never saw.
  const forged = await endLockouts(client, context.vault, { accounts, cards }, context.now())
  await tellForged(client, context, ...forged)
}
