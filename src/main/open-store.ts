/** Opens the database, embedded or given, brings its schema up to date, and takes the place of the one gateway on it. */
import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { failureFields } from '../model/failure-fields.ts'
import { sleep } from '../model/sleep.ts'
import { releasedVersions } from '../store/config-versions.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { holdDirectoryLock } from '../store/embedded/directory-lock.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../store/embedded/embedded-postgres.ts'
import { migrate, signOlderRows } from '../store/migrate.ts'
import { registerGateway, restoreTargetRows } from '../store/standings.ts'
import { restoreSubscriptionRows } from '../store/subscriptions/row.ts'
import { countByEpoch, epochsInUse } from '../store/wrapped-keys.ts'
import type { Log } from '../telemetry/log.ts'
import type { Keyring } from '../vault/keyring.ts'
import type { Vault } from '../vault/vault.ts'
import { GatewayError } from './gateway-error.ts'

/** BullMQ's own schema, in which the runtime role may create tables. */
export const queueSchema = 'bullmq'

export interface Store {
  readonly database: Database
  /** How the runtime role connects: for the queue and the outbox, which keep connections of their own. */
  readonly runtime: pg.PoolConfig
  readonly embedded: boolean
  /** What was done to the schema just now. */
  readonly migrated: readonly string[]
  /** Where the embedded server keeps its data; null for a given server. */
  readonly dataPath: string | null
  /** Last of all to be closed. */
  close(): Promise<void>
}

/** Between two tries to start the embedded server again: at first, and at most. */
const restartMs = 500
const restartMsMax = 10_000

export interface OpenStoreOptions {
  readonly poolSize?: number
}

/** @throws EmbeddedPostgresError, or what `pg` throws. */
export async function openStore(
  config: Pick<Config, 'databaseUrl' | 'gateway'>,
  log: Log,
  { poolSize }: OpenStoreOptions = {},
): Promise<Store> {
  const server = await openServer(config, log)
  try {
    const migrated = await migrate(server.owner)
    if (!server.embedded) await makeQueueSchema(server.owner)
    const database = openDatabase(server.runtime, poolSize)
    const { runtime, embedded, dataPath } = server
    return {
      ...{ database, runtime, embedded, migrated, dataPath },
      async close() {
        await database.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

export interface DatabaseServer extends Pick<Store, 'runtime' | 'embedded' | 'dataPath' | 'close'> {
  /** How the role connects that owns the schema, and may change it. */
  readonly owner: pg.ClientConfig
}

/** The server alone, with whatever is in it; an embedded one is ours until it is closed. @throws as `openStore`. */
export async function openServer(config: Pick<Config, 'databaseUrl' | 'gateway'>, log: Log): Promise<DatabaseServer> {
  if (config.databaseUrl === null) return openEmbedded(config.gateway.dataPath, log)
  const given = { connectionString: config.databaseUrl, connectionTimeoutMillis: 10_000 }
  return { owner: given, runtime: given, embedded: false, dataPath: null, close: async () => undefined }
}

async function openEmbedded(dataPath: string, log: Log): Promise<DatabaseServer> {
  const server = await startEmbeddedPostgres({
    dataDir: join(dataPath, 'postgres'),
    onLog: ({ event, ...fields }) => log.info({ event, ...fields }, 'embedded PostgreSQL'),
  })
  try {
    let lock = await holdDirectoryLock(server.runtimeConfig)
    const closing = new AbortController()
    const watching = keepUp(server, log, closing.signal, async () => {
      // It was held by a connection of the server that ended.
      await lock.release()
      lock = await holdDirectoryLock(server.runtimeConfig)
    })
    return {
      owner: server.ownerConfig,
      runtime: server.runtimeConfig,
      embedded: true,
      dataPath: server.dataDir,
      async close() {
        closing.abort()
        await lock.release()
        await server.stop()
        await watching
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/**
 * A server that dies under us is started again, for as long as it takes (a full disk may let it start only hours later); everything
 * else reconnects by itself.
 */
async function keepUp(
  server: EmbeddedPostgres,
  log: Log,
  closing: AbortSignal,
  isBack: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await server.exited
    if (closing.aborted) return
    log.error({ event: 'postgres.restarting' }, 'embedded PostgreSQL')
    for (let waitMs = restartMs; !closing.aborted; waitMs = Math.min(waitMs * 2, restartMsMax)) {
      try {
        await server.restart()
        await isBack()
        break
      } catch (error) {
        log.error({ event: 'postgres.not-restarted', ...failureFields(error) }, 'embedded PostgreSQL')
        await sleep(waitMs, closing)
      }
    }
  }
}

/** A given server knows nothing of queues yet. */
async function makeQueueSchema(owner: pg.ClientConfig): Promise<void> {
  const setup = new pg.Client(owner)
  await setup.connect()
  try {
    await setup.query(`create schema if not exists ${queueSchema}`)
  } finally {
    await setup.end()
  }
}

/**
 * Notices a keyring file that is an older copy. Going on with it would find nearly everybody's row wrong, and freeze them.
 * @throws GatewayError with what to do. A few keys of unknown epochs, which a thief could have written, stop nothing.
 */
export async function refuseOldKeyring({ pool }: Database, { epochs }: Keyring): Promise<void> {
  const isKnown = (epoch: string): boolean => epochs.some(({ id }) => id === epoch)
  if ((await epochsInUse(pool)).every(isKnown)) return
  let known = 0
  let unknown = 0
  for (const { epoch, people } of await countByEpoch(pool)) {
    if (isKnown(epoch)) known += people
    else unknown += people
  }
  if (unknown > known)
    throw new GatewayError(
      'gateway.old-keyring',
      'most people of this database are sealed under keys that the keyring file does not have: it is an older copy, put the newest one in its place',
    )
}

/**
 * An empty database is none that `init` bound to this keyring: whoever can only edit the file would point the gateway at it, and begin
 * anew with a configuration that nobody released. @throws GatewayError with what to do.
 */
export async function refuseEmptyDatabase({ database: { pool } }: Store, vault: Vault): Promise<void> {
  const { rowCount } = await pool.query('select 1 from gateway')
  // Somebody deleted the row, and nothing else: what is left is ours.
  if (rowCount === 0 && (await releasedVersions(pool, vault)).genuine.length === 0)
    throw new GatewayError(
      'gateway.empty-database',
      'this database is empty, and these keys had another one: give the database that `gatehouse init` was run with, or a copy of it',
    )
}

/** Binds the database to this keyring, or finds that it belongs to another. @throws GatewayError with what to do. */
export async function claimDatabase(
  { database, migrated }: Pick<Store, 'database' | 'migrated'>,
  vault: Vault,
): Promise<void> {
  const owner = await registerGateway(database.pool, vault)
  if (owner !== vault.gatewayId) {
    throw new GatewayError(
      'gateway.foreign-database',
      'this database belongs to another gateway: give the keyring that it was made with, or an empty database',
    )
  }
  await signOlderRows(database.pool, vault, migrated)
}

/** Makes sure that every configured source, target and subscription has its row. Those of targets and subscriptions are signed when a release makes them known, not here. */
export async function registerConfigured(
  { pool }: Database,
  sources: readonly string[],
  targets: readonly string[],
  subscriptions: readonly string[],
): Promise<void> {
  await pool.query('insert into source (id) select unnest($1::text[]) on conflict do nothing', [sources])
  await restoreTargetRows(pool, targets)
  await restoreSubscriptionRows(pool, subscriptions)
}
