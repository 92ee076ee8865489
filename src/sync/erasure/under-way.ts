/** Whether somebody is being erased, as Gatehouse itself wrote it down: a row that somebody else wrote stops nobody, and a person is called. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { erasuresOf } from '../../store/erasures.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'

/** Part of a deciding transaction. Returns the ids of forged rows about the person. @throws Refusal `person.erasing`. */
export async function refuseErasing(
  client: pg.ClientBase,
  context: SyncContext,
  person: PersonId,
): Promise<readonly string[]> {
  const { genuine, forged } = await erasuresOf(client, context.vault, [person])
  if (genuine.some(({ deleted_at }) => deleted_at === null)) throw new Refusal('person.erasing')
  await tellForged(client, context, ...forged)
  return forged
}
