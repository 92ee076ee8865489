/** How a suspended account opens again: two different people approve what was found last, each by name and with a reason; or somebody says that it stays shut. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { openDetails } from '../../audit/details.ts'
import { genuineEntries } from '../../audit/genuine.ts'
import { recordAudit } from '../../audit/record.ts'
import type { SubjectId, SuspensionId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import { type Dossier, touch } from '../../store/dossier.ts'
import { type SubjectRow, type SuspensionRow, subjectGuard } from '../../store/guards.ts'
import { addApproval, approvalsOf, dropApproval, findSuspension, saveSuspension } from '../../store/suspensions.ts'
import type { DataKey } from '../../vault/vault.ts'
import { changePerson } from '../change-person.ts'
import type { SyncContext } from '../context.ts'
import { tellForged, tellForgedEntries } from '../forged.ts'
import { carryOutAct } from '../named-act.ts'
import { liftLock } from '../operator.ts'
import { understand } from '../resolve/resolve.ts'
import { shut, tellWaiting } from './findings.ts'

/** So many different people must have approved. */
const needed = 2
/** Named, not excluded: a role that is new approves nothing. */
const approving: ReadonlySet<SubjectRow['role']> = new Set(['operator', 'admin'])

export interface Approved {
  /** False: one more, other, person must approve. */
  readonly lifted: boolean
}

/**
 * The second different person's approval of the present finding opens the account, if nothing else keeps it shut.
 * @throws Refusal `suspension.unknown`, `suspension.over`, `suspension.forged`, `suspension.waits`, `suspension.approved-already`,
 * `suspension.approver-new`, `suspension.put-back`, `person.frozen`, `person.erasing`, `config.superseded`.
 */
export async function approveSuspension(
  context: SyncContext,
  id: SuspensionId,
  subject: SubjectId,
  reason: string,
): Promise<Approved> {
  return act(context, id, async (client, dossier, row) => {
    await context.refuseSuperseded(client)
    if (row.state === 'waits') throw new Refusal('suspension.waits')
    await refuseNew(client, context, subject, row)
    await refusePutBack(client, context, dossier, row)
    const given = await validApprovals(client, context, row)
    if (given.includes(subject)) throw new Refusal('suspension.approved-already')
    // One that somebody else wrote in this name is in the way of the real one.
    await dropApproval(client, id, row.finding, subject)
    const { vault, now } = context
    const approval = randomUUID()
    const place = { table: 'suspension_approval', column: 'reason', row: approval, version: 1 }
    await addApproval(client, vault, {
      ...{ id: approval, suspension_id: id, finding: row.finding, person_id: row.person_id, subject_id: subject },
      reason: vault.seal(dossier.key, place, reason),
      at: now(),
    })
    const lifted = given.length + 1 >= needed
    const details = { suspension: id, finding: row.finding, lifted, reason }
    await note(client, context, { row, key: dossier.key, subject, action: 'suspension.approved', details })
    if (lifted) await lift(client, context, dossier, row, subject)
    return { lifted }
  })
}

/** Says by name that it stays shut; whatever was approved until now counts no more. @throws Refusal as `approveSuspension`. */
export async function keepSuspended(
  context: SyncContext,
  id: SuspensionId,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await act(context, id, async (client, dossier, row) => {
    if (row.state === 'waits') throw new Refusal('suspension.waits')
    const { vault, now } = context
    const finding = randomUUID()
    await saveSuspension(client, vault, { ...row, finding, kept_at: now(), kept_by: subject })
    const details = { suspension: id, finding, reason }
    await note(client, context, { row, key: dossier.key, subject, action: 'suspension.kept', details })
    // Decided: it needs nobody to look any more.
    await clearAlarm(client, vault, 'credential.changed_unexpectedly', row.account_id)
  })
}

/** Shuts what the brake, or that the person is protected, held back; returns the ids of the lock-outs. @throws Refusal as `approveSuspension`, and `suspension.not-waiting`. */
export async function releaseSuspension(
  context: SyncContext,
  id: SuspensionId,
  subject: SubjectId,
  reason: string,
): Promise<readonly string[]> {
  return act(context, id, async (client, dossier, row) => {
    if (row.state !== 'waits') throw new Refusal('suspension.not-waiting')
    const { vault, now } = context
    await saveSuspension(client, vault, { ...row, state: 'shut', waits_for: null, shut_at: now() })
    const lockouts = await shut(client, context, dossier, row, subject)
    await note(client, context, {
      row,
      key: dossier.key,
      subject,
      action: 'suspension.released',
      details: { suspension: id, reason },
    })
    await tellWaiting(client, context, row.target)
    return lockouts
  })
}

type Row = Omit<SuspensionRow, 'guard'>

async function act<T>(
  context: SyncContext,
  id: SuspensionId,
  work: (client: pg.PoolClient, dossier: Dossier, row: Row) => Promise<T>,
): Promise<T> {
  const { database, vault } = context
  const found = await findSuspension(database.pool, vault, id)
  if (found === null) throw new Refusal('suspension.unknown')
  if (!found.genuine) return refuseForged(context, id)
  return changePerson(context, found.row.person_id, async (dossier, client) => {
    // The person first, then this: as whoever finds something new.
    const now = await findSuspension(client, vault, id, true)
    if (now === null) throw new Refusal('suspension.unknown')
    if (!now.genuine) throw new Refusal('suspension.forged')
    if (now.row.state === 'lifted') throw new Refusal('suspension.over')
    const { guard: _, ...row } = now.row
    return work(client, dossier, row)
  })
}

async function refuseForged(context: SyncContext, id: SuspensionId): Promise<never> {
  await tellForged(context.database.pool, context, id)
  throw new Refusal('suspension.forged')
}

/** Who approved the present finding, and may still act. */
async function validApprovals(client: pg.ClientBase, context: SyncContext, row: Row): Promise<readonly SubjectId[]> {
  const { vault } = context
  const { genuine, forged } = await approvalsOf(client, vault, [row.id])
  await tellForged(client, context, ...forged)
  const named = [...new Set(genuine.flatMap((each) => (each.finding === row.finding ? [each.subject_id] : [])))]
  const subjects = await subjectsOf(client, context, named)
  return named.filter((id) => {
    const found = subjects.get(id)
    return found?.disabled_at === null && approving.has(found.role)
  })
}

async function subjectsOf(
  client: pg.ClientBase,
  { vault }: SyncContext,
  ids: readonly SubjectId[],
): Promise<ReadonlyMap<SubjectId, SubjectRow>> {
  const { rows } = await client.query<SubjectRow>('select * from subject where id = any($1::uuid[])', [ids])
  return new Map(
    rows.flatMap((row) => (vault.verifyGuard('subject', subjectGuard(row), row.guard) ? [[row.id, row] as const] : [])),
  )
}

/** Nobody makes themselves a second name once something was found. */
async function refuseNew(client: pg.ClientBase, context: SyncContext, subject: SubjectId, row: Row): Promise<void> {
  const found = (await subjectsOf(client, context, [subject])).get(subject)
  if (found === undefined || found.created_at >= row.found_at) throw new Refusal('suspension.approver-new')
}

/** The audit trail, from which nothing can be taken unseen, says what was found last: an older row of the suspension would have what was approved then count now. */
async function refusePutBack(client: pg.ClientBase, context: SyncContext, { key }: Dossier, row: Row): Promise<void> {
  const { vault } = context
  const { genuine, forged } = await genuineEntries(
    client,
    vault,
    `object = $1 and action in ('credential.changed_unexpectedly', 'suspension.kept') and at >= $2`,
    [row.account_id, row.found_at],
  )
  await tellForgedEntries(client, context, forged)
  const [last] = genuine.toSorted((left, right) => (left.at < right.at ? 1 : -1))
  if (last === undefined || openDetails(vault, last, [key])?.finding !== row.finding)
    throw new Refusal('suspension.put-back')
}

async function lift(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  row: Row,
  subject: SubjectId,
): Promise<void> {
  const { vault, now } = context
  await saveSuspension(client, vault, { ...row, state: 'lifted', lifted_at: now() })
  await note(client, context, {
    row,
    key: dossier.key,
    subject,
    action: 'suspension.lifted',
    details: { suspension: row.id },
  })
  await clearAlarm(client, vault, 'credential.changed_unexpectedly', row.account_id)
  const account = dossier.accounts.find((each) => each.row.id === row.account_id)
  if (account === undefined) return
  account.row.suspension = null
  touch(account)
  if (dossier.person.locked_at === null && isUncertain(context, dossier)) liftLock(dossier, account)
  const parts = new Set(['lock', 'validity', 'profile'])
  await carryOutAct(client, context, dossier, subject, (part, of) => of === account.row.id && parts.has(part))
}

/** Of whom nothing certain is known, what was wanted stays: so the lock is lifted there. */
function isUncertain(context: SyncContext, dossier: Dossier): boolean {
  const { standing } = understand(context, dossier, context.now())
  return standing.state === 'unknown' || standing.validity === null
}

interface Note {
  readonly row: Row
  readonly key: DataKey
  readonly subject: SubjectId
  readonly action: 'suspension.approved' | 'suspension.kept' | 'suspension.released' | 'suspension.lifted'
  readonly details: Readonly<Record<string, unknown>>
}

async function note(
  client: pg.ClientBase,
  { vault }: SyncContext,
  { row, key, subject, action, details }: Note,
): Promise<void> {
  await recordAudit(client, vault, {
    ...{ actor: subject, action, object: row.account_id },
    details: { target: row.target, ...details },
    about: key,
  })
}
