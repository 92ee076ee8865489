/** Makes the database, its two roles and its schemas, the same however often it runs and wherever it was interrupted. */
import pg from 'pg'
import type { Place } from './place.ts'

export const names = {
  superuser: 'postgres',
  owner: 'gatehouse_owner',
  runtime: 'gatehouse',
  database: 'gatehouse',
  schema: 'gatehouse',
  /** Where BullMQ makes its tables when there is no Redis; nowhere else may the runtime role create anything. */
  queueSchema: 'bullmq',
} as const

/**
 * As superuser. `gatehouse_owner` owns the database and runs migrations; `gatehouse` reads and writes rows. Neither may
 * read files, run programs or make roles. @throws what `pg` throws.
 */
export async function setUpRoles(superuser: pg.ClientConfig, passwords: Place['passwords']): Promise<void> {
  await using server = await connect(superuser)
  const query = (text: string) => server.client.query(text)
  // Two processes may start at once; the lock ends with the connection.
  await query(`select pg_advisory_lock(hashtext('gatehouse set-up'))`)
  for (const [role, password] of [
    [names.owner, passwords.owner],
    [names.runtime, passwords.runtime],
  ] as const) {
    const { rowCount } = await server.client.query('select from pg_roles where rolname = $1', [role])
    if (rowCount === 0) await query(`create role ${role}`)
    await query(
      `alter role ${role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${pg.escapeLiteral(password)}`,
    )
  }
  const { rowCount } = await server.client.query('select from pg_database where datname = $1', [names.database])
  if (rowCount === 0) await query(`create database ${names.database} owner ${names.owner}`)
  await query(`
    revoke all on database ${names.database}, postgres, template1 from public;
    grant connect, temporary on database ${names.database} to ${names.owner}, ${names.runtime};
    alter role ${names.owner} in database ${names.database} set search_path = ${names.schema};
    alter role ${names.runtime} in database ${names.database} set search_path = ${names.schema}`)

  await using database = await connect({ ...superuser, database: names.database })
  await database.client.query(`
    revoke all on schema public from public;
    create schema if not exists ${names.schema} authorization ${names.owner};
    create schema if not exists ${names.queueSchema} authorization ${names.runtime};
    grant usage on schema ${names.schema} to ${names.runtime};
    alter default privileges for role ${names.owner} in schema ${names.schema}
      grant select, insert, update, delete on tables to ${names.runtime};
    alter default privileges for role ${names.owner} in schema ${names.schema}
      grant usage on sequences to ${names.runtime}`)
}

/** A connection that ends with its block. */
export async function connect(config: pg.ClientConfig): Promise<{ client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...config })
  // A connection that breaks while idle is noticed by the next query.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    await client.end()
    throw error
  }
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
