/** Adds punches under the lock of their log: numbered without a gap, each sealed with its person's key, none twice of one event, and announced. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { raiseAlarm } from '../../store/alarms.ts'
import { announce } from '../../store/events/rows.ts'
import { punchGuard } from '../../store/guards.ts'
import { dayInUtc, type PunchContent, punchDigest, punchDigestBytes, sealPunch } from '../../store/punches/punch.ts'
import { addPunches, holdPunches, type NewPunchRow, notePunches, punchedBefore } from '../../store/punches/rows.ts'
import { attendanceLog } from '../../store/subscriptions/log-positions.ts'
import { furthestPosition } from '../../store/subscriptions/positions.ts'
import type { DataKey, Vault } from '../../vault/vault.ts'
import type { AttendanceContext } from './context.ts'

export interface NewPunch {
  readonly content: Omit<PunchContent, 'written' | 'id'>
  readonly key: DataKey
  /** Id of the event that says so; null: a person does. */
  readonly event: string | null
}

/**
 * Returns their numbers, in order; of an event that became a punch before there is none. The caller is in a transaction, and tells
 * `sawPunches` of them once it is committed.
 */
export async function writePunches(
  client: pg.ClientBase,
  context: AttendanceContext,
  punches: readonly NewPunch[],
): Promise<readonly number[]> {
  if (punches.length === 0) return []
  const { vault, now } = context.events
  const last = await lastNumber(client, context)
  const digests = punches.map(({ event }) => (event === null ? null : eventDigest(vault, event)))
  const before = await punchedBefore(
    client,
    digests.filter((digest) => digest !== null),
  )
  // Under the lock: times rise with numbers.
  const written = now().getTime()
  const rows: NewPunchRow[] = []
  for (const [i, punch] of punches.entries()) {
    const digest = digests[i] ?? null
    if (digest !== null && before.has(digest.toString('hex'))) continue
    const day = dayInUtc(punch.content.at)
    rows.push(rowOf(vault, { n: last + rows.length + 1, day, event_digest: digest, written }, punch))
  }
  await addPunches(client, rows)
  await notePunches(client, vault, last + rows.length)
  if (rows.length > 0) await announce(client, attendanceLog)
  return rows.map(({ n }) => n)
}

/** From now on a row of the log that says less was put back. */
export function sawPunches({ events: { seen } }: AttendanceContext, numbers: readonly number[]): void {
  seen.set(attendanceLog, Math.max(seen.get(attendanceLog) ?? 0, ...numbers))
}

/** An older row is signed as well, so it is held against what this process saw, and against how far subscriptions were told: no number comes twice. */
async function lastNumber(client: pg.ClientBase, { events: { vault, seen } }: AttendanceContext): Promise<number> {
  const { last, genuine } = await holdPunches(client, vault)
  const least = Math.max(seen.get(attendanceLog) ?? 0, await furthestPosition(client, vault, attendanceLog))
  if (!genuine || last < least) await raiseAlarm(client, vault, 'guard.failed', 'punch_log')
  return Math.max(last, least)
}

type Placed = Pick<NewPunchRow, 'n' | 'day' | 'event_digest'> & { readonly written: number }

function rowOf(
  vault: Vault,
  { n, day, event_digest, written }: Placed,
  { content, key, event }: NewPunch,
): NewPunchRow {
  const sealed = sealPunch(vault, key, { n: String(n), day }, { ...content, written, id: event ?? randomUUID() })
  const row = { n, day, person_digest: punchDigest(vault, key.id, day), event_digest, sealed }
  return { ...row, guard: vault.guard('punch', punchGuard({ ...row, n: String(n) })) }
}

function eventDigest(vault: Vault, event: string): Buffer {
  return vault.digest('punch-event', [event]).subarray(0, punchDigestBytes)
}
