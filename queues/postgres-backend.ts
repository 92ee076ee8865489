/** Wake-ups over PostgreSQL: one small pool and one LISTEN connection for all queues and workers of a process. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  assertSchemaCompatibility,
  type BackendFactory,
  LATEST_SCHEMA_VERSION,
  type PgPool,
  type PgQueryable,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  quoteSchemaName,
  runMigrations,
  SchemaMigrationRequiredError,
  withBackend,
} from 'bullmq'
import pg from 'pg'
import { type Backend, jobOptions, workerTimes } from './backend.ts'

export interface PostgresBackendOptions {
  /** How to connect as the runtime role, which owns `schema` or may create in it. */
  readonly config: pg.PoolConfig
  readonly schema: string
  /** Connections in all, of which one listens; at least 2. */
  readonly poolSize?: number
}

/** @throws what `pg` throws when PostgreSQL can't be reached, or BullMQ when its tables are of a newer release. */
export async function openPostgresBackend(
  options: PostgresBackendOptions,
  onError: (error: unknown) => void,
): Promise<Backend> {
  const pool = openPool(options)
  pool.on('error', onError)
  try {
    await bringUpToDate(pool, options.schema)
  } catch (error) {
    await pool.end()
    throw error
  }
  // BullMQ takes a pg.Pool as it is; only its own narrow type for one doesn't accept the overloads of `on` in @types/pg.
  const shared = pool as unknown as PgPool
  const connection = new PostgresConnection(shared)
  connection.on('error', onError)
  await connection.waitUntilReady()

  const backends = new Set<LaneBackend>()
  const factory: BackendFactory<LaneBackend, PostgresConnectionOptions> = (name, opts) => {
    const backend = new LaneBackend(connection, name, opts, false)
    backends.add(backend)
    return backend
  }
  // Only a backend that owns its connection hears this by itself; without it a worker would wait on the dead one for 5 s.
  connection.on('listenerinvalidated', () => {
    for (const backend of backends) backend.listenAgain(onError)
  })
  const { Queue, Worker } = withBackend(factory)

  return {
    kind: 'postgresql',
    openQueue(name) {
      const queue = new Queue(name, { connection: shared, defaultJobOptions: jobOptions })
      queue.on('error', onError)
      return queue
    },
    openWorker(name, process, concurrency) {
      const worker = new Worker(name, process, { ...workerTimes, connection: shared, concurrency })
      worker.on('error', onError)
      worker.once('closing', () => backends.delete(worker.getBackend()))
      return worker
    },
    onRestored: (listener) => void connection.on('listenerinvalidated', listener),
    ping: async () => void (await pool.query('select 1')),
    // The pool gives up a connection by itself, see query_timeout.
    reset: () => undefined,
    trim: async (ageMs) => void (await pool.query('delete from event where created_at_ms < $1', [Date.now() - ageMs])),
    async close() {
      await connection.close()
      await pool.end()
    },
  }
}

/**
 * `synchronous_commit` is off: a message is no truth, and it can't be lost before the outbox row that it stands for, since that
 * row's deletion commits later and flushes all that was logged before it.
 */
function openPool({ config, schema, poolSize = 5 }: PostgresBackendOptions): pg.Pool {
  const settings = `-c search_path=${quoteSchemaName(schema)} -c synchronous_commit=off -c client_min_messages=warning`
  const pool = new pg.Pool({
    ...config,
    options: config.options === undefined ? settings : `${config.options} ${settings}`,
    max: poolSize,
    min: 0,
    keepAlive: true,
    connectionTimeoutMillis: 2_000,
    // A query without an answer gives its connection up, so that a cut cable doesn't hold the pool for a quarter of an hour.
    query_timeout: 15_000,
    application_name: 'gatehouse-wake-ups',
  })
  pool.on('connect', (client) => {
    // One that dies between two queries while it is lent out: the next query says so.
    client.on('error', () => undefined)
    // Every worker waits on the one LISTEN connection; Node would take eleven of them for a leak.
    client.setMaxListeners(0)
    listenOnce(client)
  })
  return pool
}

/** Forty workers ask one connection at once to LISTEN, which once is enough for; pg deprecates queries beside each other. */
function listenOnce(client: pg.PoolClient): void {
  const query: (...args: unknown[]) => Promise<unknown> = client.query.bind(client) as never
  let listening: Promise<unknown> | undefined
  const listenFirst = (...args: unknown[]) => {
    if (args.length !== 1 || typeof args[0] !== 'string' || !/^LISTEN \w+;/m.test(args[0])) return query(...args)
    listening ??= query(...args).catch((error: unknown) => {
      listening = undefined
      throw error
    })
    return listening
  }
  // `query` has seven overloads; this passes on whatever it is given.
  client.query = listenFirst as typeof client.query
}

/** Creates or updates BullMQ's tables if they are not of this release; BullMQ's advisory lock settles who does it. */
async function bringUpToDate(pool: pg.Pool, schema: string): Promise<void> {
  const client = await pool.connect()
  try {
    if ((await currentVersion(client, schema)) >= LATEST_SCHEMA_VERSION) return
    // Tables, unlike messages, must survive a power cut in the next moment: the gateway goes on as if they were there.
    await client.query('set synchronous_commit = on')
    const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [schema])
    await runMigrations(rowCount === 0 ? client : withoutCreateSchema(client), schema)
  } finally {
    client.release(true)
  }
}

async function currentVersion(client: PgQueryable, schema: string): Promise<number> {
  try {
    return await assertSchemaCompatibility(client, schema)
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0
    // 3F000: the schema itself is missing.
    if (error instanceof pg.DatabaseError && error.code === '3F000') return 0
    throw error
  }
}

/**
 * `create schema if not exists` wants CREATE on the database even when the schema is there (PostgreSQL manual, CREATE SCHEMA),
 * and the runtime role has that right inside the schema only.
 */
function withoutCreateSchema(client: PgQueryable): PgQueryable {
  return {
    query: (text, params) =>
      text.startsWith('CREATE SCHEMA') ? Promise.resolve({ rows: [], rowCount: 0 }) : client.query(text, params),
  }
}

class LaneBackend extends PostgresQueueBackend {
  /** BullMQ asks again at once after most errors; while PostgreSQL is away, forty workers would do nothing else. */
  override async moveToActive(...args: Parameters<PostgresQueueBackend['moveToActive']>) {
    try {
      return await super.moveToActive(...args)
    } catch (error) {
      await sleep(500)
      throw error
    }
  }

  /** Forgets the dead LISTEN connection and ends the wait on it; the worker's loop then listens on the new one. */
  listenAgain(onError: (error: unknown) => void): void {
    this.reconnectBlocking()
      .then(() => this.disconnect())
      .catch(onError)
  }
}
