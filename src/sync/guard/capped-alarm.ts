/** Alarms of which a target could have any number at once: so many have one of their own, and one more counts them. */
import type pg from 'pg'
import type { AlarmCode } from '../../model/alarm.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

export const alarmsMax = 50

/** `among`: how the scopes begin that count together; `many`: the code of the one that counts them. Logged when it was off until now. */
export async function raiseCapped(
  client: pg.ClientBase,
  { vault, log }: SyncContext,
  { code, scope }: { readonly code: AlarmCode; readonly scope: string },
  { many, target, among }: { readonly many: AlarmCode; readonly target: string; readonly among: string },
): Promise<void> {
  const { rows } = await client.query<{ on: number }>(
    `select count(*)::int as on from alarm where code = $1 and cleared_at is null and scope <> $2 and starts_with(scope, $3)`,
    [code, scope, among],
  )
  const { on } = certain(rows[0])
  const is = on < alarmsMax ? { code, scope, count: null } : { code: many, scope: target, count: on }
  if (await raiseAlarm(client, vault, is.code, is.scope, is.count)) log('error', is.code, { scope: is.scope })
}
