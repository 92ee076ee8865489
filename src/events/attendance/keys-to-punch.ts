/** The keys that punches are sealed and found with: of whom somebody else changed the row there is none, with an alarm. */
import type { PersonId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { keysOfPeople } from '../../store/events/who.ts'
import type { DataKey } from '../../vault/vault.ts'
import type { AttendanceContext } from './context.ts'

/** Whoever was erased has none either. */
export async function keysToPunch(
  { events: { database, vault } }: AttendanceContext,
  people: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, DataKey>> {
  const { keys, forged } = await keysOfPeople(database.pool, vault, [...new Set(people)])
  for (const scope of forged) await raiseAlarm(database.pool, vault, 'guard.failed', scope)
  return new Map([...keys].map(([person, { key }]) => [person, key]))
}
