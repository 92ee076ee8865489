/** Opens rows of punches: verified each, with the keys of all whose they are asked for at once; an erased person's are told apart from forged ones. */
import { raiseAlarm } from '../../store/alarms.ts'
import { type PunchRow, punchGuard } from '../../store/guards.ts'
import { keysByIds } from '../../store/object-keys.ts'
import { openPunch, type PunchContent, unwrapPunch } from '../../store/punches/punch.ts'
import type { AttendanceContext } from './context.ts'

export interface OpenedPunch {
  readonly n: number
  readonly content: PunchContent
}

export interface OpenedPunches {
  /** In the order of the rows. */
  readonly opened: readonly OpenedPunch[]
  /** How many are of people who were erased since. */
  readonly erased: number
}

/** What somebody else wrote is left out, with an alarm. */
export async function openPunches(
  { events: { database, vault } }: AttendanceContext,
  rows: readonly PunchRow[],
): Promise<OpenedPunches> {
  const wrapped = rows.map((row) =>
    vault.verifyGuard('punch', punchGuard(row), row.guard) ? unwrapPunch(vault, row) : null,
  )
  const ids = new Set(wrapped.flatMap((each) => each?.key ?? []))
  // What was written before keys were replaced opens with the one before.
  const keys = await keysByIds(database.pool, vault, [...ids])
  const opened: OpenedPunch[] = []
  let [erased, forged] = [0, 0]
  for (const [i, row] of rows.entries()) {
    const whole = wrapped[i] ?? null
    const known = whole === null ? undefined : keys.get(whole.key)
    const content = whole === null || known === undefined ? null : openPunch(vault, known, row, whole)
    if (content !== null) opened.push({ n: Number(row.n), content })
    else if (whole !== null && known === undefined) erased += 1
    else forged += 1
  }
  if (forged > 0) await raiseAlarm(database.pool, vault, 'guard.failed', 'punch')
  return { opened, erased }
}
