import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../test/support/servers.ts'
import { migrate } from '../migrate.ts'
import { backedUpTables } from './tables.ts'

let postgres: TestPostgres
let client: pg.Client
beforeAll(async () => {
  postgres = await startPostgres()
  await migrate(postgres.admin)
  client = new pg.Client(postgres.admin)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await postgres[Symbol.asyncDispose]()
})

test('a backup holds every table that there is, but for what is of the moment', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'gatehouse'::regnamespace and relkind in ('r', 'p')
        and not relispartition and relname not like 'kysely%'`,
  )
  const missing = rows.map(({ name }) => name).filter((name) => !backedUpTables.includes(name))
  expect(missing.sort()).toEqual([
    ...['alarm_notice', 'delivery', 'drift', 'enrolment', 'match_row', 'match_run', 'outbox', 'pin_issue'],
    'suspension_approval',
  ])
  expect(backedUpTables.filter((table) => !rows.some(({ name }) => name === table))).toEqual([])
})

test('a table that others refer to is loaded before them', async () => {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select conrelid::regclass::text as from, confrelid::regclass::text as to from pg_constraint
      where contype = 'f' and connamespace = 'gatehouse'::regnamespace`,
  )
  const place = (name: string) => backedUpTables.indexOf(name.replace('gatehouse.', ''))
  expect(rows.length).toBeGreaterThan(0)
  for (const { from, to } of rows)
    if (place(from) >= 0) expect([from, to, place(to) < place(from)]).toEqual([from, to, true])
})
