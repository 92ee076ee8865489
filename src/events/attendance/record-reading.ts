/** Whoever reads times of work is named in the audit trail, with whose they read and why. */
import { recordAudit } from '../../audit/record.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { AttendanceContext } from './context.ts'

/** `person` null: of everybody. Sealed: corrections follow a look, and beside them a name in clear would be that of a digest. */
export async function recordReading(
  { events: { database, vault } }: AttendanceContext,
  subject: SubjectId,
  person: PersonId | null,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await inTransaction(database.pool, (client) =>
    recordAudit(client, vault, {
      actor: subject,
      action: 'attendance.read',
      object: '',
      details: { person, ...details },
    }),
  )
}
