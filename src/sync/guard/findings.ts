/** What is done about a change of what somebody presents that nobody ordered: it is told, and by policy the account is shut at once, as far as the brake lets. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import { type AccountId, newId, type PersonId, type SuspensionId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import type { Dossier } from '../../store/dossier.ts'
import type { SuspensionRow } from '../../store/guards.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { openRestore } from '../../store/restores.ts'
import type { SuspensionCause } from '../../store/schema.ts'
import {
  dropSuspensionOf,
  type FoundSuspension,
  lockSuspensionsOf,
  saveSuspension,
  shutSince,
  waitingSuspensions,
} from '../../store/suspensions.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { accountsOfOurs } from '../drift/sweep-counts.ts'
import { tellForged } from '../forged.ts'
import { carryOutAct } from '../named-act.ts'
import { modesOf } from '../target-modes.ts'
import { raiseCapped } from './capped-alarm.ts'
import type { Verdict } from './verdict.ts'

export interface Finding {
  readonly account: AccountId
  readonly person: PersonId
  readonly verdict: Exclude<Verdict, 'nothing'>
  /** Of the newest event that it is founded on; null where there was none. */
  readonly position: number | null
}

const brakeWindowMs = 86_400_000

/** Part of the caller's transaction. */
export async function dealWith(
  client: pg.ClientBase,
  context: SyncContext,
  target: TargetSetup,
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return
  const { vault } = context
  await holdTarget(client, target.id)
  const loaded = await loadDossiers(client, vault, [...new Set(findings.map(({ person }) => person))])
  await tellForged(client, context, ...loaded.frozen)
  const dossiers = wholeAndTorn(loaded)
  await dropForged(client, context, findings, dossiers)
  const open = await openOf(client, context, findings)
  const may = await maySuspend(client, context, target)
  for (const finding of findings) {
    const dossier = dossiers.get(finding.person)
    const known = open.get(finding.account)
    const next =
      known !== undefined
        ? again(known, finding, context.now())
        : finding.verdict === 'visible' || !may.suspends || dossier === undefined
          ? null
          : begun(context, target, finding, dossier, may.left > 0)
    if (next !== null) {
      if (known === undefined && next.state === 'shut') may.left -= 1
      await saveSuspension(client, vault, next)
      if (next.state === 'shut' && dossier !== undefined) await shut(client, context, dossier, next)
    }
    await tell(client, context, target, finding, { next, dossier })
  }
  await tellWaiting(client, context, target.id)
}

/** One at a time for a target: of two the second sees what the first has shut. Before people are locked. */
export async function holdTarget(client: pg.ClientBase, target: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.guard'), hashtext($1))`, [target])
}

async function openOf(
  client: pg.ClientBase,
  context: SyncContext,
  findings: readonly Finding[],
): Promise<Map<AccountId, SuspensionRow>> {
  const found = await lockSuspensionsOf(
    client,
    context.vault,
    findings.map(({ account }) => account),
  )
  return new Map(found.flatMap(({ row, genuine }) => (genuine ? [[row.account_id, row] as const] : [])))
}

/**
 * What somebody else wrote goes. Where the account is suspended as something else says too, a new one stands in its place: whatever was
 * approved of the other is approved no more. Where nothing else says so it suspends nobody by itself: brake and policy decide.
 */
async function dropForged(
  client: pg.ClientBase,
  context: SyncContext,
  findings: readonly Finding[],
  dossiers: ReadonlyMap<PersonId, Dossier>,
): Promise<void> {
  const accounts = findings.map(({ account }) => account)
  for (const found of await lockSuspensionsOf(client, context.vault, accounts)) {
    if (found.genuine) continue
    const { id, account_id: account } = found.row
    await tellForged(client, context, id)
    const owner = findings.find((each) => each.account === account)?.person
    const dossier = owner === undefined ? undefined : dossiers.get(owner)
    if (dossier === undefined) continue
    if (isWitnessed(dossier, account, found)) await shutAnew(client, context, dossier, account)
    else await dropSuspensionOf(client, account)
  }
}

/** Whether its own row, verified when the dossier was loaded, or its suspension says that it is shut: `found` is the one that is not over. */
export function isWitnessed({ accounts }: Dossier, account: AccountId, found: FoundSuspension | undefined): boolean {
  const isSaid = accounts.some(({ row }) => row.id === account && row.suspension !== null)
  return isSaid || (found?.genuine === true && found.row.state === 'shut')
}

/** Of a witnessed one (`isWitnessed`), whatever the brake says: it is suspended from now on, and nobody has approved anything. */
export async function shutAnew(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  account: AccountId,
): Promise<void> {
  const row = dossier.accounts.find((each) => each.row.id === account)?.row
  if (row === undefined) return
  await dropSuspensionOf(client, account)
  const next = newRow(context.now(), { account, person: dossier.person.id, target: row.target, cause: 'record' })
  await saveSuspension(client, context.vault, next)
  await shut(client, context, dossier, next)
  await recordAudit(client, context.vault, {
    actor: 'engine',
    action: 'credential.changed_unexpectedly',
    object: account,
    details: { target: row.target, found: 'forged', suspended: true, suspension: next.id, finding: next.finding },
    about: dossier.key,
  })
}

/** Whether anything may be shut at this target, and how many accounts more today. */
async function maySuspend(client: pg.ClientBase, context: SyncContext, target: TargetSetup) {
  const { vault, now } = context
  const mode = (await modesOf(client, context)).get(target.id)
  // Of a store, or a target, that does not know what happened since its backup every difference would be its own.
  const isSure = mode?.locksOut === true && mode.waits !== 'restored' && (await openRestore(client, vault)) === null
  if (target.guard.unexpected !== 'suspend' || !isSure) return { suspends: false, left: 0 }
  const { min, percent } = target.guard.brake
  const most = Math.max(min, Math.floor(((await accountsOfOurs(client, vault, target.id)) * percent) / 100))
  const since = new Date(now().getTime() - brakeWindowMs)
  return { suspends: true, left: most - (await shutSince(client, vault, target.id, since)) }
}

type NewRow = Omit<SuspensionRow, 'guard'>

/** Something else was found meanwhile: whatever was approved, or decided, was of what was found before. */
function again({ guard: _, ...row }: SuspensionRow, { verdict }: Finding, now: Date): NewRow {
  return {
    ...row,
    ...(verdict === 'visible' ? {} : { cause: verdict }),
    finding: randomUUID(),
    last_found_at: now,
    kept_at: null,
    kept_by: null,
  }
}

/** Nothing happens to protected people without a name on it, nor to more accounts than the brake lets. */
function begun(
  { now }: SyncContext,
  target: TargetSetup,
  { account, person, verdict }: Finding,
  dossier: Dossier,
  isLeft: boolean,
): NewRow {
  const waits = dossier.person.protected ? 'protected' : isLeft ? null : 'brake'
  const cause = verdict === 'visible' ? 'event' : verdict
  const row = newRow(now(), { account, person, target: target.id, cause })
  return {
    ...row,
    ...(waits === null ? {} : { state: 'waits' as const, waits_for: waits, shut_at: null }),
  }
}

function newRow(
  at: Date,
  of: {
    readonly account: AccountId
    readonly person: PersonId
    readonly target: string
    readonly cause: SuspensionCause
  },
): NewRow {
  return {
    id: newId<SuspensionId>(),
    ...{ account_id: of.account, person_id: of.person, target: of.target, state: 'shut', waits_for: null },
    ...{ cause: of.cause, finding: randomUUID(), found_at: at, last_found_at: at, shut_at: at },
    ...{ kept_at: null, kept_by: null, lifted_at: null },
  }
}

/** A lock-out like any other, urgent and proven; only that it is lifted by nobody but two people. Doing it twice is the same as once. */
export async function shut(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  { id, account_id }: Pick<SuspensionRow, 'id' | 'account_id'>,
  actor = 'engine',
): Promise<readonly string[]> {
  const account = dossier.accounts.find(({ row }) => row.id === account_id)
  if (account === undefined || account.row.suspension === id) return []
  account.row.suspension = id
  if (account.mark === 'stored') account.mark = 'changed'
  const isIt = (part: string, of: AccountId): boolean => part === 'lock' && of === account_id
  return carryOutAct(client, context, dossier, actor, isIt, 'suspended')
}

async function tell(
  client: pg.ClientBase,
  context: SyncContext,
  target: TargetSetup,
  { account, verdict, position }: Finding,
  { next, dossier }: { readonly next: NewRow | null; readonly dossier: Dossier | undefined },
): Promise<void> {
  const { vault } = context
  await raiseCapped(
    client,
    context,
    { code: 'credential.changed_unexpectedly', scope: account },
    { many: 'credential.many_changed', target: target.id, among: '' },
  )
  await recordAudit(client, vault, {
    actor: 'engine',
    action: 'credential.changed_unexpectedly',
    object: account,
    details: {
      ...{ target: target.id, found: verdict, position },
      ...(next === null
        ? { suspended: false }
        : { suspended: next.state === 'shut', suspension: next.id, finding: next.finding, waitsFor: next.waits_for }),
    },
    about: dossier?.key,
  })
}

/** On as long as one waits for an admin. */
export async function tellWaiting(client: pg.ClientBase, context: SyncContext, target: string): Promise<void> {
  const waiting = (await waitingSuspensions(client)).get(target) ?? 0
  if (waiting > 0) await raiseAlarm(client, context.vault, 'guard.braked', target, waiting)
  else await clearAlarm(client, context.vault, 'guard.braked', target)
}
