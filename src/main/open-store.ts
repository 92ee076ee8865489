/** Opens the database, embedded or given, brings its schema up to date, and takes the place of the one gateway on it. */
import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { type Database, openDatabase, schemaName } from '../store/database.ts'
import { holdDirectoryLock } from '../store/embedded/directory-lock.ts'
import { startEmbeddedPostgres } from '../store/embedded/embedded-postgres.ts'
import { migrate } from '../store/migrate.ts'
import type { Log } from '../telemetry/log.ts'
import { GatewayError } from './gateway-error.ts'

/** BullMQ's own schema, in which the runtime role may create tables. */
export const queueSchema = 'bullmq'

export interface Store {
  readonly database: Database
  /** How the runtime role connects: for the queue and the outbox, which keep connections of their own. */
  readonly runtime: pg.PoolConfig
  readonly embedded: boolean
  /** Where the embedded server keeps its data; null for a given server. */
  readonly dataPath: string | null
  /** Last of all to be closed. */
  close(): Promise<void>
}

export interface OpenStoreOptions {
  readonly poolSize?: number
}

export async function openStore(
  config: Pick<Config, 'databaseUrl' | 'gateway'>,
  log: Log,
  { poolSize }: OpenStoreOptions = {},
): Promise<Store> {
  return config.databaseUrl === null
    ? openEmbedded(config.gateway.dataPath, log, poolSize)
    : openGiven(config.databaseUrl, poolSize)
}

async function openEmbedded(dataPath: string, log: Log, poolSize: number | undefined): Promise<Store> {
  const server = await startEmbeddedPostgres({
    dataDir: join(dataPath, 'postgres'),
    onLog: ({ event, ...fields }) => log.info({ event, ...fields }, 'embedded PostgreSQL'),
  })
  try {
    const lock = await holdDirectoryLock(server.runtimeConfig)
    await migrate(server.ownerConfig)
    const runtime = server.runtimeConfig
    const database = openDatabase(runtime, poolSize)
    let closing = false
    // A server that dies under us is started again; everything else reconnects by itself.
    const watch = async (): Promise<void> => {
      await server.exited
      if (closing) return
      log.error({ event: 'postgres.restarting' }, 'embedded PostgreSQL')
      await server.restart()
      await watch()
    }
    watch().catch(() => log.error({ event: 'postgres.lost' }, 'embedded PostgreSQL could not be started again'))
    return {
      database,
      runtime,
      embedded: true,
      dataPath: server.dataDir,
      async close() {
        closing = true
        await database.close()
        await lock.release()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function openGiven(url: string, poolSize: number | undefined): Promise<Store> {
  const runtime: pg.PoolConfig = { connectionString: url, connectionTimeoutMillis: 10_000 }
  await migrate(runtime)
  const setup = new pg.Client(runtime)
  await setup.connect()
  try {
    await setup.query(`create schema if not exists ${queueSchema}`)
  } finally {
    await setup.end()
  }
  const database = openDatabase(runtime, poolSize)
  return { database, runtime, embedded: false, dataPath: null, close: () => database.close() }
}

/** Binds the database to this keyring, or finds that it belongs to another. @throws GatewayError with what to do. */
export async function claimDatabase({ pool }: Database, gatewayId: string): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `with made as (insert into ${schemaName}.gateway (id) values ($1) on conflict do nothing returning id)
     select id from made union all select id from ${schemaName}.gateway`,
    [gatewayId],
  )
  if (rows[0]?.id !== gatewayId) {
    throw new GatewayError(
      'gateway.foreign-database',
      'this database belongs to another gateway: give the keyring that it was made with, or an empty database',
    )
  }
}
