/** Suspended accounts and enrolment windows as operators see them: since when, by whom, and who approved. */
import type { Paged } from '../api/acts/paged.ts'
import type { EnrolmentView, SuspensionView } from '../api/acts/suspensions.ts'
import { subjectNames } from '../auth/subjects.ts'
import type { SubjectId, SuspensionId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { type FoundEnrolment, listEnrolments } from '../store/enrolments.ts'
import type { ApprovalRow } from '../store/guards.ts'
import { approvalsOf, type FoundSuspension, findSuspension, listSuspensions } from '../store/suspensions.ts'
import type { SyncContext } from '../sync/context.ts'
import { unlessRowFault } from '../vault/vault-error.ts'
import { checkedCursor } from './cursor.ts'
import { openDossier } from './person-views.ts'

interface Asked {
  readonly all: boolean
  readonly after?: string
  readonly limit: number
}

export async function suspensionPage(
  context: SyncContext,
  { all, after, limit }: Asked,
): Promise<Paged<SuspensionView>> {
  const { database, vault } = context
  const found = await listSuspensions(database.pool, vault, { all, after: checkedCursor(after, 'id'), limit })
  const rows = await viewsOf(context, found, () => null)
  return { rows, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null }
}

/** @throws Refusal `suspension.unknown`, `person.frozen`. */
export async function suspensionView(context: SyncContext, id: string): Promise<SuspensionView> {
  const { database, vault } = context
  const found = await findSuspension(database.pool, vault, id as SuspensionId)
  if (found === null) throw new Refusal('suspension.unknown')
  const { key } = await openDossier(context, found.row.person_id)
  const place = (row: string) => ({ table: 'suspension_approval', column: 'reason', row, version: 1 })
  const [view] = await viewsOf(context, [found], (approval) =>
    unlessRowFault(() => vault.open(key, place(approval.id), approval.reason)),
  )
  return view as SuspensionView
}

async function viewsOf(
  context: SyncContext,
  found: readonly FoundSuspension[],
  reasonOf: (approval: ApprovalRow) => string | null,
): Promise<readonly SuspensionView[]> {
  const { database, vault } = context
  const { genuine } = await approvalsOf(
    database.pool,
    vault,
    found.map(({ row }) => row.id),
  )
  const named = [...genuine.map((each) => each.subject_id), ...found.flatMap(({ row }) => row.kept_by ?? [])]
  const names = await subjectNames(database.db, vault, named)
  return found.map(({ row, genuine: isGenuine }) => ({
    ...{ id: row.id, account: row.account_id, person: row.person_id, target: row.target },
    state: isGenuine ? row.state : 'forged',
    ...{ waitsFor: row.waits_for, cause: row.cause },
    ...{ foundAt: isoOf(row.found_at), lastFoundAt: isoOf(row.last_found_at) },
    ...{ shutAt: isoOrNull(row.shut_at), keptAt: isoOrNull(row.kept_at), liftedAt: isoOrNull(row.lifted_at) },
    keptBy: nameOf(names, row.kept_by),
    approvals: genuine
      .filter((each) => each.suspension_id === row.id && each.finding === row.finding)
      .map((each) => ({
        by: nameOf(names, each.subject_id),
        at: each.at.toISOString(),
        reason: reasonOf(each),
      })),
  }))
}

export async function enrolmentPage(context: SyncContext, { all, after, limit }: Asked): Promise<Paged<EnrolmentView>> {
  const { database, vault, now } = context
  const page = { all, now: now(), after: checkedCursor(after, 'id'), limit }
  const rows = await enrolmentViews(context, await listEnrolments(database.pool, vault, page))
  return { rows, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null }
}

export async function enrolmentViews(
  { database, vault }: SyncContext,
  found: readonly (Pick<FoundEnrolment, 'genuine'> & {
    readonly row: Omit<FoundEnrolment['row'], 'guard' | 'reason'>
  })[],
): Promise<readonly EnrolmentView[]> {
  const named = found.flatMap(({ row }) => [row.opened_by, ...(row.closed_by === null ? [] : [row.closed_by])])
  const names = await subjectNames(database.db, vault, named)
  return found.map(({ row, genuine }) => ({
    ...{ id: row.id, person: row.person_id, openedAt: isoOf(row.opened_at), until: isoOf(row.until) },
    ...{ openedBy: nameOf(names, row.opened_by), closedBy: nameOf(names, row.closed_by) },
    ...{ closedAt: isoOrNull(row.closed_at), forged: !genuine },
  }))
}

function nameOf(names: ReadonlyMap<SubjectId, string>, id: SubjectId | null): string | null {
  return id === null ? null : (names.get(id) ?? null)
}

/** In a row that somebody else wrote, 'infinity' is no date: it is shown as forged all the same. */
function isoOf(at: Date): string {
  return (at instanceof Date ? at : new Date(0)).toISOString()
}

function isoOrNull(at: Date | null): string | null {
  return at === null ? null : isoOf(at)
}
