/** Brings all that the store holds under new keys, in the caller's transaction: after it nothing of the old ones is needed, but to read the audit trail. */
import type pg from 'pg'
import type { SourceRecordRow } from '../../store/guards.ts'
import type { Tables } from '../../store/schema.ts'
import { type Closed, followRecords, settleRest } from './blind-index.ts'
import { remakePlans } from './plans.ts'
import { type Remade, registry } from './registry.ts'
import { remakeTable } from './remake.ts'
import type { Turn } from './turn.ts'

/** Each for a reason: keys before what they seal, and what needs an account as it was before the account. */
const first = ['person_key', 'account_work', 'source_record', 'account'] as const satisfies (keyof Tables)[]
/** Dealt with by modules of their own. */
const apart: readonly string[] = ['blind_index', 'plan'] satisfies (keyof Tables)[]

/** Nobody else writes to the store: the caller holds that off. */
export async function rekey(client: pg.ClientBase, turn: Turn): Promise<void> {
  const rest = Object.keys(registry).filter((name) => !apart.includes(name) && !first.some((each) => each === name))
  await remake(client, turn, 'person_key')
  await remakePlans(client, turn)
  await remake(client, turn, 'account_work')
  const closed: Closed = new Set()
  await remakeTable(client, turn, 'source_record', registry.source_record as Remade<SourceRecordRow>, (rows) =>
    followRecords(client, turn, rows, closed),
  )
  await settleRest(client, turn, closed)
  await remake(client, turn, 'account')
  for (const name of rest) await remake(client, turn, name as keyof Tables)
  await client.query('delete from match_row')
  await client.query(`delete from match_run where state <> 'done'`)
}

async function remake(client: pg.ClientBase, turn: Turn, table: keyof Tables): Promise<void> {
  // Which rows a table has is the registry's knowledge; here any will do.
  await remakeTable(client, turn, table, registry[table] as unknown as Remade<pg.QueryResultRow>)
}
