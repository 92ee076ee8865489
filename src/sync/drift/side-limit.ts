/**
 * How much one operator may decide about within a day: no more than the configuration may. A token that was stolen, or a slip, neither lifts
 * all blocks of a target nor hides all that was added there; beyond this it takes an admin.
 */
import type pg from 'pg'
import { sidesTaken } from '../../audit/sides-taken.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { DriftRow } from '../../store/guards.ts'
import type { SyncContext } from '../context.ts'
import { tellForgedEntries } from '../forged.ts'
import { textKey } from '../text-key.ts'
import { brake, mostAtOnce } from './apply-policy.ts'
import { accountsOfOurs } from './sweep-counts.ts'

export interface Decider {
  readonly subject: SubjectId
  readonly isAdmin: boolean
}

/** Part of the caller's transaction: of two decisions at a time the second sees what the first was about. @throws Refusal `drift.too-many`. */
export async function refuseTooMany(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  { subject, isAdmin }: Decider,
  rows: readonly DriftRow[],
): Promise<void> {
  if (isAdmin || rows.length === 0) return
  const { vault, now } = context
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.sides'), hashtext($1))`, [subject])
  const at = now()
  const since = new Date(at.getTime() - brake.withinMs)
  const taken = await sidesTaken(client, vault, subject, { since, now: at })
  await tellForgedEntries(client, context, taken.forged)
  const accounts = new Set([...taken.accounts, ...rows.flatMap(({ account_id }) => account_id ?? [])])
  const strangers = new Set(
    rows.flatMap(({ account_id, external_digest }) => (account_id === null ? [textKey(external_digest)] : [])),
  )
  const ours = await accountsOfOurs(client, vault, target)
  if (accounts.size + strangers.size + taken.ofNobody > mostAtOnce(ours)) throw new Refusal('drift.too-many')
}
