import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../test/support/servers.ts'
import { type Column, type ColumnKind, undeclared } from '../vault/catalogue.ts'
import { catalogue } from './catalogue.ts'
import { migrate } from './migrate.ts'

interface ActualColumn extends Column {
  readonly type: string
}

let postgres: TestPostgres
let actual: ActualColumn[]
beforeAll(async () => {
  postgres = await startPostgres()
  await migrate(postgres.admin)
  const client = new pg.Client(postgres.admin)
  await client.connect()
  const { rows } = await client.query<ActualColumn>(
    `select table_name as "table", column_name as "column", data_type as type from information_schema.columns
      where table_schema = 'gatehouse' and table_name not like 'kysely%'
        and not (select relispartition from pg_class where oid = format('gatehouse.%I', table_name)::regclass)`,
  )
  actual = rows
  await client.end()
})
afterAll(() => postgres[Symbol.asyncDispose]())

describe('the catalogue of columns', () => {
  test('speaks of every column that the migrations make', () => {
    expect(undeclared(catalogue, actual)).toEqual([])
  })

  test('speaks of no column that is not there', () => {
    const there = new Set(actual.map(({ table, column }) => `${table}.${column}`))
    const declared = Object.entries(catalogue).flatMap(([table, columns]) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    )
    expect(declared.filter((name) => !there.has(name))).toEqual([])
  })

  test('what is sealed, digested or signed is bytes, and only that is: a text column can not hold any of it by mistake', () => {
    const kindOf = ({ table, column }: Column): ColumnKind | undefined => catalogue[table]?.[column]
    const odd = actual.filter((column) => (kindOf(column) === 'clear') === (column.type === 'bytea'))
    expect(odd).toEqual([])
  })
})
