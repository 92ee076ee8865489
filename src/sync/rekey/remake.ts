/** Makes the rows of a table anew, a thousand at a time, in the order in which they lie; memory stays flat. */
import type pg from 'pg'
import type { KeyId } from '../../model/id.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import type { Recipe } from './recipes.ts'
import type { Remade } from './registry.ts'
import type { Cell, Turn } from './turn.ts'

const page = 1000
let cursors = 0

/** Rows as they were when the first was asked for, whatever becomes of them meanwhile. Part of a transaction. */
export async function* pagesOf<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  select: string,
  values: readonly unknown[] = [],
): AsyncGenerator<readonly Row[]> {
  cursors += 1
  const name = `rekey_${cursors}`
  await client.query(`declare ${name} no scroll cursor for ${select}`, [...values])
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${page} from ${name}`)
    if (rows.length === 0) break
    yield rows
  }
  await client.query(`close ${name}`)
}

/** Where the row lies, and the key of whom it is about. */
export interface Placed {
  readonly _at: string
  readonly _key: KeyId | null
  readonly _epoch: string | null
  readonly _wrapped: Buffer | null
  readonly _former: Buffer | null
}

export const keyColumns = 'k.id as _key, k.epoch as _epoch, k.wrapped as _wrapped, k.former as _former'

const ways = {
  key: 'left join person_key k on k.id = t.key_id',
  person: 'left join person p on p.id = t.person_id left join person_key k on k.id = p.key_id',
} as const

/** The person's keys are new already, and the one before is the newest of the former ones. */
export function keysOf(
  { next }: Turn,
  { _key: id, _epoch: epoch, _wrapped: wrapped, _former: former }: Placed,
): Cell<unknown>['keys'] {
  if (id === null || epoch === null || wrapped === null) return null
  return unlessRowFault(() => {
    const [old] = next.unwrapFormer({ id, epoch, wrapped, former })
    return old === undefined ? null : { old, next: next.unwrap({ id, epoch, wrapped }) }
  })
}

export interface RemadeRow<Row> {
  readonly was: Row
  readonly opened: ReadonlyMap<string, string>
  readonly unreadable: boolean
}

/** `then` is told of each page, once it is written. */
export async function remakeTable<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  turn: Turn,
  table: string,
  { whose, beside, columns }: Remade<Row>,
  then?: (rows: readonly RemadeRow<Row>[]) => Promise<void>,
): Promise<void> {
  const hasKeys = whose !== undefined || beside !== undefined
  const select = `select t.ctid::text as _at, t.*${hasKeys ? `, ${keyColumns}` : ''}${beside === undefined ? '' : `, ${beside.columns}`}
    from ${table} t ${whose === undefined ? '' : ways[whose]} ${beside?.join ?? ''}`
  const recipes = Object.entries(columns) as [keyof Row & string, Recipe<Row>][]
  const tally = turn.tally.of(table)
  for await (const rows of pagesOf<Row & Placed>(client, select)) {
    const cells = rows.map((row) => remade(turn, row, hasKeys, recipes))
    await writeRows(
      client,
      table,
      recipes.map(([name, { type }]) => ({ name, type })),
      cells.map(({ was, now }) => ({ at: was._at, values: recipes.map(([name]) => now[name]) })),
    )
    tally.rows += cells.length
    tally.refused += cells.filter(({ refused }) => refused).length
    tally.unreadable += cells.filter(({ unreadable }) => unreadable).length
    await then?.(cells)
  }
}

function remade<Row extends pg.QueryResultRow>(
  turn: Turn,
  row: Row & Placed,
  hasKeys: boolean,
  recipes: readonly [keyof Row & string, Recipe<Row>][],
): Cell<Row & Placed> {
  const now = { ...row }
  const cell: Cell<Row & Placed> = {
    ...{ turn, was: row, now, keys: hasKeys ? keysOf(turn, row) : null },
    ...{ opened: new Map(), refused: false, unreadable: false },
  }
  for (const [name, recipe] of recipes) Object.assign(now, { [name]: recipe.make(cell, name) })
  return cell
}

/** Writes these columns of rows that lie where they were read. */
export async function writeRows(
  client: pg.ClientBase,
  table: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  rows: readonly { readonly at: string; readonly values: readonly unknown[] }[],
): Promise<void> {
  if (rows.length === 0) return
  await client.query(
    `update ${table} t set ${columns.map(({ name }) => `${name} = v.${name}`).join(', ')}
       from unnest($1::tid[], ${columns.map(({ type }, i) => `$${i + 2}::${type}[]`).join(', ')}) as v(_at, ${columns.map(({ name }) => name).join(', ')})
      where t.ctid = v._at`,
    [rows.map(({ at }) => at), ...columns.map((_, i) => rows.map(({ values }) => values[i]))],
  )
}
