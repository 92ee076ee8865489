/** Passes lock-outs at once, outside every plan: a leaver named by a record never waits for anything. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAuditMany } from '../audit/record.ts'
import type { AccountId, CredentialId } from '../model/id.ts'
import { raiseAlarm } from '../store/alarms.ts'
import { type Dossier, type DossierAccount, touch } from '../store/dossier.ts'
import { endLockouts, insertLockouts } from '../store/lockouts.ts'
import type { TargetMode } from '../store/target-modes.ts'
import { enqueue } from '../store/work.ts'
import type { SyncContext } from './context.ts'
import { applyChanges, type Change, changesBetween, decodeParts, encodeParts, isPending } from './parts.ts'

export interface LockOutCause {
  /** Who is named in the audit: a subject, or `source:hr`, `clock`. */
  readonly actor: string
  readonly because: 'record' | 'absence' | 'operator' | 'clock' | 'policy' | 'release' | 'restore' | 'undone'
  /** When the news reached us: lock-outs are timed from here. */
  readonly arrivedAt: Date
}

/** An account that was shut by a decision just made. */
export interface PassedLockOut {
  readonly dossier: Dossier
  readonly account: DossierAccount
  /** The whole account; else these cards of it. */
  readonly whole: boolean
  readonly cards: readonly CredentialId[]
}

/**
 * Makes desired what wants shutting, in memory; the caller saves the dossiers and then calls `recordLockOuts` in the same
 * transaction. Protected people are left to the plan, and targets that are only observed to the moment when they are enabled.
 */
export function passLockOuts(
  dossiers: Iterable<Dossier>,
  modes: ReadonlyMap<string, TargetMode>,
  absence: (dossier: Dossier) => boolean,
): PassedLockOut[] {
  const passed: PassedLockOut[] = []
  for (const dossier of dossiers) {
    if (dossier.person.protected && dossier.person.locked_at === null) continue
    for (const account of dossier.accounts) {
      const { row } = account
      if (!row.pending || row.desired === null || modes.get(row.target)?.locksOut !== true) continue
      const before = decodeParts(row.desired)
      const after = decodeParts(row.wanted)
      const leaving = absence(dossier) ? 'lockout-absence' : 'lockout-record'
      const changes = changesBetween(before, after, leaving).filter(({ kind }) => kind === 'lockout-record')
      if (changes.length === 0) continue
      row.desired = encodeParts(applyChanges(before, after, changes))
      row.desired_version += 1
      row.pending = isPending(row.desired, after)
      touch(account)
      passed.push({ dossier, account, ...shutBy(changes) })
    }
  }
  return passed
}

/** What such changes shut: the whole account, with all its cards, or single ones. */
export function shutBy(changes: readonly Pick<Change, 'part' | 'after'>[]): Pick<PassedLockOut, 'whole' | 'cards'> {
  const whole = changes.some(({ part, after }) => part === 'lock' && after === 'closed')
  const cards = changes.flatMap(({ part, after }) =>
    part.startsWith('card:') && after === 'blocked' ? [part.slice('card:'.length) as CredentialId] : [],
  )
  return { whole, cards: whole ? [] : cards }
}

/** Puts passed lock-outs on the urgent list, starts their clocks, and names who caused them. */
export async function recordLockOuts(
  client: pg.ClientBase,
  context: SyncContext,
  passed: readonly PassedLockOut[],
  cause: LockOutCause,
): Promise<readonly string[]> {
  if (passed.length === 0) return []
  const decidedAt = context.now()
  const entries = passed.flatMap(({ whole, cards, ...entry }) =>
    (whole ? [null] : cards).map((card) => ({ ...entry, card, lockout: randomUUID() })),
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
export async function endLockOuts(
  client: pg.ClientBase,
  context: SyncContext,
  accounts: readonly AccountId[],
  cards: readonly CredentialId[] = [],
): Promise<void> {
  await reportForged(client, context, await endLockouts(client, context.vault, { accounts, cards }, context.now()))
}

/** Somebody wrote times into these lock-outs that Gatehouse never saw: a person is called. */
export async function reportForged(
  client: pg.ClientBase,
  context: SyncContext,
  lockouts: readonly string[],
): Promise<void> {
  for (const lockout of lockouts)
    if (await raiseAlarm(client, context.vault, 'guard.failed', lockout))
      context.log('error', 'guard.failed', { lockout })
}
