/** A month of a class in the log, filled at once: without its indexes and without a log ahead of it, and both no other afterwards. */
import type pg from 'pg'
import { copyBinary } from '../src/store/copy-binary.ts'
import { makeMonth } from '../src/store/events/months.ts'
import type { NewEventRow } from '../src/store/events/rows.ts'
import type { Leaf } from './event-history.ts'
import { columns } from './plain-events.ts'

/** The place that Gatehouse itself makes for it, as it made it. Only the owner may. */
export async function fillLeaf(
  client: pg.ClientBase,
  { class: of, month }: Pick<Leaf, 'class' | 'month'>,
  rows: Iterable<NewEventRow>,
): Promise<void> {
  await makeMonth(client, of, month)
  const parent = `event_${of}`
  const leaf = `${parent}_${month.replace('-', '')}`
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    'select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = $1::regclass',
    [leaf],
  )
  const { rows: bounds } = await client.query<{ bound: string }>(
    'select pg_get_expr(relpartbound, oid) as bound from pg_class where oid = $1::regclass',
    [leaf],
  )
  await client.query(`alter table ${parent} detach partition ${leaf}`)
  await client.query(`alter table ${leaf} set unlogged`)
  // What would be done beside the measurement was done before: statistics, below.
  await client.query(`alter table ${leaf} set (autovacuum_enabled = off)`)
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  await copyBinary(client, leaf, columns, rows)
  await client.query(`set maintenance_work_mem = '512MB'`)
  for (const { definition } of indexes) await client.query(definition)
  await client.query(`alter table ${parent} attach partition ${leaf} ${bounds[0]?.bound}`)
  await client.query(`analyze ${leaf}`)
}
