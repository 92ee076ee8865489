/** Alarms of which a target could have any number at once: so many have one of their own, and one more counts them. */
import type pg from 'pg'
import type { AlarmCode } from '../../model/alarm.ts'
import { countOfAlarm, countRaised, raiseAlarm } from '../../store/alarms.ts'
import type { SyncContext } from '../context.ts'

/** So many of a kind at a target have an alarm of their own. */
export const alarmsMax = 50

/** Rows that somebody else put among them count for none; a flood of those has more of ours raised, and none fewer. */
const rowsMax = 10 * alarmsMax

/**
 * `among`: how the scopes begin that count together; `many`: the code of the one that counts what was raised beyond. Null: this one is never
 * counted together with others. Logged when it was off until now.
 */
export async function raiseCapped(
  client: pg.ClientBase,
  { vault, log }: SyncContext,
  { code, scope }: { readonly code: AlarmCode; readonly scope: string },
  cap: { readonly many: AlarmCode; readonly target: string; readonly among: string } | null,
): Promise<void> {
  const isFree =
    cap === null ||
    (await countRaised(client, vault, code, { beside: scope, among: cap.among, most: rowsMax })) < alarmsMax
  const is = isFree
    ? { code, scope, count: null }
    : { code: cap.many, scope: cap.target, count: 1 + (await countOfAlarm(client, vault, cap.many, cap.target)) }
  if (await raiseAlarm(client, vault, is.code, is.scope, is.count)) log('error', is.code, { scope: is.scope })
}
