/** PostgreSQL as the gateway uses it: one pool, with the schema's types for those who want them. */
import { Kysely, PostgresDialect, type PostgresPoolClient, type Transaction } from 'kysely'
import pg from 'pg'
import type { Tables } from './schema.ts'

export type Db = Kysely<Tables>
export type Tx = Transaction<Tables>

export interface Database {
  readonly db: Db
  readonly pool: pg.Pool
  close(): Promise<void>
}

/** What `schema` every object lives in: set on each connection, whatever the role's own default is. */
export const schemaName = 'gatehouse'

/** Opens the pool; `poolSize` bounds the connections of this process (a LISTEN connection and BullMQ come on top). */
export function openDatabase(config: pg.PoolConfig, poolSize = 8): Database {
  const pool = new pg.Pool({
    ...config,
    max: poolSize,
    options: `-c search_path=${schemaName} -c client_min_messages=warning`,
    application_name: 'gatehouse',
  })
  // An idle connection that dies (server restart) is replaced by the pool on next use; the failing query reports it.
  pool.on('error', () => undefined)
  // Nor may one die unheard while it is lent out and between two queries: the next query says so.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    db,
    pool,
    async close() {
      // Kysely leaves alone a pool that it was never asked to use: its idle connections would keep the process for ten seconds.
      await db.destroy()
      if (!pool.ended) await pool.end()
    },
  }
}

/** Kysely on one connection that stays its owner's, who also begins and ends transactions. */
export function kyselyOn(client: pg.ClientBase): Db {
  const lent = { query: client.query.bind(client) as PostgresPoolClient['query'], release: () => undefined }
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { options: {}, connect: async () => lent, end: async () => undefined } }),
  })
}

/** The SQLSTATE of a `pg` error, or undefined when the value is none. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}
