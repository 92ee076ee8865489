/** Says by name, and with a reason, that something is to be enrolled for a person: what is enrolled until it ends is expected. It ends by itself. */
import { recordAudit } from '../../audit/record.ts'
import { durationMs } from '../../model/duration.ts'
import { type EnrolmentId, newId, type PersonId, type SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { lockEnrolment, saveEnrolment } from '../../store/enrolments.ts'
import type { EnrolmentRow } from '../../store/guards.ts'
import { changePerson } from '../change-person.ts'
import type { SyncContext } from '../context.ts'
import { lookFirst } from './look-first.ts'

/** Somebody stands at a reader meanwhile: nobody does for longer. */
const longestMs = 8 * 3_600_000

/**
 * `for`: a duration, such as 30m. Begins with a look at the accounts of the person: what changed before is no part of it. @throws Refusal `person.unknown`, `person.frozen`, `person.erasing`, `enrolment.too-long`.
 */
export async function openEnrolment(
  context: SyncContext,
  person: PersonId,
  subject: SubjectId,
  request: { readonly for: string; readonly reason: string },
): Promise<Omit<EnrolmentRow, 'guard'>> {
  const ms = durationMs(request.for)
  if (ms === null || ms <= 0 || ms > longestMs) throw new Refusal('enrolment.too-long')
  const { vault, now } = context
  const openedAt = now()
  const unseen = await lookFirst(context, person)
  return changePerson(context, person, async (dossier, client) => {
    const id = newId<EnrolmentId>()
    const row = {
      ...{ id, person_id: person, opened_at: openedAt, opened_by: subject },
      until: new Date(openedAt.getTime() + ms),
      reason: vault.seal(dossier.key, { table: 'enrolment', column: 'reason', row: id, version: 1 }, request.reason),
      ...{ closed_at: null, closed_by: null },
    }
    await saveEnrolment(client, vault, row)
    await recordAudit(client, vault, {
      actor: subject,
      action: 'enrolment.opened',
      object: person,
      details: { enrolment: id, until: row.until.toISOString(), reason: request.reason, unseen },
      about: dossier.key,
    })
    return row
  })
}

/** Before its time; one that is over stays so. @throws Refusal `enrolment.unknown`, `person.frozen`, `person.erasing`. */
export async function closeEnrolment(
  context: SyncContext,
  id: EnrolmentId,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  const { database, vault, now } = context
  const { rows } = await database.pool.query<{ person: PersonId }>(
    'select person_id as person from enrolment where id = $1',
    [id],
  )
  const [found] = rows
  if (found === undefined) throw new Refusal('enrolment.unknown')
  await changePerson(context, found.person, async (dossier, client) => {
    const locked = await lockEnrolment(client, vault, id)
    if (locked === null || !locked.genuine) throw new Refusal('enrolment.unknown')
    const { guard: _, ...row } = locked.row
    if (row.closed_at !== null || row.until <= now()) return
    await saveEnrolment(client, vault, { ...row, closed_at: now(), closed_by: subject })
    await recordAudit(client, vault, {
      actor: subject,
      action: 'enrolment.closed',
      object: found.person,
      details: { enrolment: id, reason },
      about: dossier.key,
    })
  })
}
