/** What time and attendance works with, as configured. */
import type { Config } from '../../config/config.ts'
import type { AttendanceContext } from '../events/attendance/context.ts'
import type { EventsContext } from '../events/context.ts'
import type { PersonId } from '../model/id.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { understand } from '../sync/resolve/resolve.ts'

export function buildAttendance(
  { attendance: { punches, keepMs, ...shifts } }: Config,
  events: EventsContext,
  sync: SyncContext,
): AttendanceContext {
  return { events, punches, keepMs, shifts, numbersOf: (people) => numbersOf(sync, people) }
}

async function numbersOf(sync: SyncContext, people: readonly PersonId[]): Promise<ReadonlyMap<PersonId, string>> {
  const { dossiers } = await inTransaction(sync.database.pool, (client) =>
    loadDossiers(client, sync.vault, people, { lock: false }),
  )
  const now = sync.now()
  return new Map(
    [...dossiers].flatMap(([id, dossier]) => {
      const number = understand(sync, dossier, now).person.facts.employeeNumber
      return number === undefined || number === null || number === '' ? [] : [[id, number] as const]
    }),
  )
}
