/** What a person may still decide about an erasure: let the erased be brought in again, or do without a target that is gone for good. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import { journalLift } from '../../store/erasure-journal.ts'
import {
  findErasure,
  isGenuineErasure,
  isGenuineRemoval,
  liftTombstones,
  noteRemovals,
  removalsOf,
  saveErasure,
  type Tombstone,
} from '../../store/erasures.ts'
import { type ErasureRow, tombstoneGuard } from '../../store/guards.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { numberTombstones } from './identifiers.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The next delivery makes them anew, as somebody whom nothing is known of. `by`: the erasure's id, or an employee number that the erased
 * had. Returns the erasure's id. @throws Refusal `erasure.unknown`, `erasure.forged`, `erasure.under-way`.
 */
export async function liftErasure(
  context: SyncContext,
  by: string,
  subject: SubjectId,
  reason: string,
): Promise<string> {
  return inTransaction(context.database.pool, async (client) => {
    const row = await lockErasure(client, context, await erasureOf(client, context, by.trim()))
    if (row.deleted_at === null) throw new Refusal('erasure.under-way')
    await liftTombstones(client, row.id)
    const { guard: _, ...rest } = row
    await saveErasure(client, context.vault, { ...rest, lifted_at: context.now() })
    // The same file as before would not be looked at again.
    await client.query('update source set fingerprint = null')
    await clearAlarmOfAll(client, context)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.unerased',
      object: row.person_id,
      details: { erasure: row.id, reason },
    })
    journalLift(context.erasureJournalPath, context.vault, row.id, context.now())
    return row.id
  })
}

/**
 * A target that will never answer again is done without: the statement says so. @throws Refusal `erasure.unknown`, `erasure.forged`,
 * `erasure.done`, `erasure.not-waiting` when nothing is left to be removed there.
 */
export async function signOffErasure(
  context: SyncContext,
  id: string,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const row = await lockErasure(client, context, id)
    if (row.deleted_at !== null) throw new Refusal('erasure.done')
    const open = (await removalsOf(client, [row.id])).filter(
      (each) => each.target === target && each.outcome === null && isGenuineRemoval(context.vault, each),
    )
    if (open.length === 0) throw new Refusal('erasure.not-waiting')
    await noteRemovals(
      client,
      context.vault,
      open.map(({ account_id }) => ({ erasure: row.id, account: account_id, target, outcome: 'signed-off' as const })),
      context.now(),
    )
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'erasure.signed-off',
      object: row.person_id,
      details: { erasure: row.id, target, reason },
    })
  })
}

async function lockErasure(client: pg.ClientBase, { vault }: SyncContext, id: string): Promise<ErasureRow> {
  const row = uuid.test(id) ? await findErasure(client, id, true) : null
  if (row === null) throw new Refusal('erasure.unknown')
  if (!isGenuineErasure(vault, row)) throw new Refusal('erasure.forged')
  return row
}

/** By id or by number; the newest, should several people have had it. */
async function erasureOf(client: pg.ClientBase, { vault }: SyncContext, by: string): Promise<string> {
  if (uuid.test(by)) return by
  const traces = numberTombstones(vault, by)
  const { rows } = await client.query<Tombstone & { erasure_id: string; guard: Buffer }>(
    `select t.* from tombstone t join erasure e on e.id = t.erasure_id
      where t.purpose = 'employee-number' and t.digest = any($1::bytea[]) order by e.asked_at desc`,
    [traces.map(({ digest }) => digest)],
  )
  const genuine = rows.find(({ purpose, digest, erasure_id, guard }) =>
    vault.verifyGuard('tombstone', tombstoneGuard(purpose, digest, erasure_id), guard),
  )
  if (genuine === undefined) throw new Refusal('erasure.unknown')
  return genuine.erasure_id
}

/** Raised again by the next delivery that brings somebody else who was erased. */
async function clearAlarmOfAll(client: pg.ClientBase, { sources, vault }: SyncContext): Promise<void> {
  for (const source of sources.keys()) await clearAlarm(client, vault, 'person.erased-again', source)
}
