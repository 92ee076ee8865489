/** A delivery that lacks a column which the mapping reads is not read: silence about everybody is a mistake, and no news. */
import { recordAudit } from '../../audit/record.ts'
import type { Delivery } from '../../connector/contract.ts'
import type { NeededColumn } from '../../mapping/mapping.ts'
import { newId, type PullId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'

/** What the mapping reads and the delivery does not have; empty when all is there. */
export function missingColumns(
  { mapping }: SourceSetup,
  { columns }: Pick<Delivery, 'columns'>,
): readonly NeededColumn[] {
  const present = new Set(columns)
  return mapping.needs.filter(({ column }) => !present.has(column))
}

/** Alarms, and notes each column by the name that the mapping gives it. The delivery stays where it is, and is read once the mapping fits. */
export async function tellMissing(
  context: SyncContext,
  source: SourceSetup,
  { mode }: Delivery,
  missing: readonly NeededColumn[],
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    await raiseAlarm(client, context.vault, 'source.columns-missing', source.id, missing.length)
    const id = newId<PullId>()
    await client.query(
      `insert into pull (id, source, mode, arrived_at, settled_ms, finished_at, outcome, complete, problems)
       values ($1, $2, $3, $4, 0, now(), 'columns-missing', false, $5)`,
      [id, source.id, mode, context.now(), missing.length],
    )
    await client.query(
      `insert into pull_problem (pull_id, place, field, code)
       select $1, 'column ' || name, field, 'source.column-missing' from unnest($2::text[], $3::text[]) as v(name, field)`,
      [id, missing.map(({ column }) => column), missing.map(({ field }) => field)],
    )
    await recordAudit(client, context.vault, {
      actor: sourceOrigin(source.id),
      action: 'source.refused',
      object: id,
      details: { code: 'source.columns-missing', columns: missing.length },
    })
  })
  context.log('error', 'source.columns-missing', { source: source.id, columns: missing.length })
}
