/** A person says by name that an alarm was looked into which nothing else ends: that somebody changed rows is not undone by itself. */
import { recordAudit } from '../../audit/record.ts'
import type { AlarmCode } from '../../model/alarm.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import { keyOfObject } from '../../store/object-keys.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'

const byHand: readonly AlarmCode[] = [
  ...(['guard.failed', 'audit.broken'] as const),
  ...(['credential.changed_unexpectedly', 'credential.many_changed'] as const),
  ...(['door.duress', 'door.forced', 'door.held', 'door.many', 'door.tamper', 'door.unheard'] as const),
  ...(['events.forged', 'events.lost', 'events.malformed', 'events.missing'] as const),
  'subscription.gap',
]

/** If its cause is still there, the alarm is on again within seconds. @throws Refusal `alarm.not-on`, `alarm.ends-itself`. */
export async function clearByHand(
  context: SyncContext,
  code: string,
  scope: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  const known = byHand.find((each) => each === code)
  if (known === undefined) throw new Refusal('alarm.ends-itself')
  await inTransaction(context.database.pool, async (client) => {
    if (!(await clearAlarm(client, context.vault, known, scope))) throw new Refusal('alarm.not-on')
    const about = await keyOfObject(client, context.vault, scope)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'alarm.cleared',
      object: about === undefined ? code : scope,
      details: { code, scope, reason },
      about,
    })
  })
}
