/** Passes lock-outs at once, outside every plan: a leaver named by a record never waits for anything. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAuditMany } from '../audit/record.ts'
import type { AccountId } from '../model/id.ts'
import { copyRows } from '../store/copy.ts'
import { type Dossier, type DossierAccount, touch } from '../store/dossier.ts'
import type { TargetMode } from '../store/target-modes.ts'
import { enqueue } from '../store/work.ts'
import type { SyncContext } from './context.ts'
import { applyChanges, changesBetween, decodeParts, encodeParts, isPending } from './parts.ts'

export interface LockOutCause {
  /** Who is named in the audit: a subject, or `source:hr`, `clock`. */
  readonly actor: string
  readonly because: 'record' | 'absence' | 'operator' | 'clock' | 'policy'
  /** When the news reached us: lock-outs are timed from here. */
  readonly arrivedAt: Date
}

/** An account that was shut by a decision just made. */
export interface PassedLockOut {
  readonly dossier: Dossier
  readonly account: DossierAccount
  /** The whole account, and not only one card of it. */
  readonly whole: boolean
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
      passed.push({ dossier, account, whole: changes.some(({ part }) => part === 'lock') })
    }
  }
  return passed
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
  const whole = passed.filter((entry) => entry.whole)
  const ids = whole.map(() => randomUUID())
  await copyRows(
    client,
    'lockout',
    ['id', 'account_id', 'person_id', 'target', 'version', 'cause', 'arrived_at', 'decided_at'],
    whole.map(({ dossier, account }, i) => [
      ids[i] as string,
      account.row.id,
      dossier.person.id,
      account.row.target,
      account.row.desired_version,
      cause.because,
      cause.arrivedAt,
      decidedAt,
    ]),
  )
  await enqueue(
    client,
    'urgent',
    passed.map(({ account }) => ({ id: account.row.id, target: account.row.target })),
  )
  await recordAuditMany(
    client,
    context.vault,
    passed.map(({ account, whole: all }) => ({
      actor: cause.actor,
      action: all ? ('lockout.opened' as const) : ('credential.blocked' as const),
      object: account.row.id,
      details: { because: cause.because, target: account.row.target },
    })),
  )
  return ids
}

/** Whoever is let in again need not be proven shut out any more. */
export async function endLockOuts(client: pg.ClientBase, accounts: readonly AccountId[]): Promise<void> {
  await client.query(
    'update lockout set ended_at = now() where account_id = any($1::uuid[]) and proven_at is null and ended_at is null',
    [accounts],
  )
}
