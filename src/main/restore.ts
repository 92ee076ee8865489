/** `gatehouse restore`: makes an empty database what it was when a backup was made, and sees that nobody takes the past for the present. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { loadConfig } from '../../config/load.ts'
import { recordAudit } from '../audit/record.ts'
import { createSubjectWithToken, revokeAllTokens } from '../auth/tokens.ts'
import { type LoadedBackup, loadBackup, refuseNewer } from '../store/backup/load-backup.ts'
import { checkBackup, type OpenedBackup, openBackup } from '../store/backup/read-backup.ts'
import { copySettings } from '../store/backup/write-backup.ts'
import { kyselyOn, schemaName } from '../store/database.ts'
import { signOlderRows } from '../store/migrate.ts'
import { unsettle } from '../sync/restored/after-load.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { writePrivateFile } from '../vault/private-file.ts'
import type { Vault } from '../vault/vault.ts'
import { configurable } from './connections.ts'
import { makeDataFolder } from './data-folder.ts'
import { openServer } from './open-store.ts'
import { openConfiguredVault } from './open-vault.ts'

export interface RestoreOptions {
  readonly config: string
  readonly file: string
  /** Whom the only token that works is for, and who is named in the audit. */
  readonly subject: string
  readonly reason: string
  /** Told as rows were checked, or loaded. */
  readonly onRows?: (step: 'checked' | 'loaded', rows: number) => void
  readonly log?: Log
  readonly env?: NodeJS.ProcessEnv
}

export interface Restored {
  readonly gatewayId: string
  readonly madeAt: string
  readonly rows: number
  /** Migrations that the backup's schema lacked. */
  readonly migrated: readonly string[]
  readonly tokensRevoked: number
  readonly plansSetAside: number
  readonly tokenPath: string
  readonly subject: string
}

/** How long the new token lives. */
const tokenDays = 90

/**
 * Reads the whole file before anything is written, and then writes all of it or nothing.
 * @throws ConfigError, VaultError, BackupError, AuthError, EmbeddedPostgresError; the system's error for a file that can't be read.
 */
export async function restoreGateway(options: RestoreOptions): Promise<Restored> {
  const log = options.log ?? createLog({ level: 'warn' })
  const config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  // Keys for demonstration are refused where they could do harm, by `start`.
  const { vault } = openConfiguredVault(config, log, true)
  await stat(options.file)
  const backup = await openBackup(options.file, vault)
  refuseNewer(backup)
  await checkBackup(backup, (rows) => options.onRows?.('checked', rows))
  await makeDataFolder(config.gateway.dataPath)
  const server = await openServer(config, log)
  try {
    const targets = Object.entries(config.targets).map(([id, { mode }]) => ({
      id,
      declaredEnabled: mode === 'enabled',
    }))
    const tokenPath = join(config.gateway.dataPath, 'operator.token')
    return await load(options, vault, backup, server.owner, { tokenPath, targets })
  } finally {
    await server.close()
  }
}

interface Place {
  readonly tokenPath: string
  readonly targets: Parameters<typeof unsettle>[2]['targets']
}

async function load(
  { subject: name, reason, onRows }: RestoreOptions,
  vault: Vault,
  backup: OpenedBackup,
  owner: pg.ClientConfig,
  { tokenPath, targets }: Place,
): Promise<Restored> {
  const client = new pg.Client({ ...owner, options: `-c search_path=${schemaName} ${copySettings}` })
  // A connection that breaks fails the query that is under way, or the next one.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('begin')
    const loaded = await loadBackup(client, backup, (rows) => onRows?.('loaded', rows))
    const now = await timeOf(client)
    const db = kyselyOn(client)
    const tokensRevoked = await revokeAllTokens(db, vault, now)
    // Of a backup it is known who wrote it.
    await signOlderRows(client, vault, loaded.migrated)
    const made = await createSubjectWithToken(db, vault, { name, role: 'admin', days: tokenDays }, now)
    const madeAt = new Date(backup.header.madeAt)
    const plansSetAside = await unsettle(client, vault, { madeAt, now, subject: made.subject, targets })
    await recordAudit(client, vault, {
      actor: made.subject,
      action: 'gateway.restored',
      object: made.id,
      details: { reason, madeAt: backup.header.madeAt, backup: backup.header.key.id, tokensRevoked, plansSetAside },
    })
    // Before the commit: a gateway that nobody can talk to would be of no use.
    writePrivateFile(tokenPath, `${made.token}\n`, { replace: true })
    await client.query('commit').catch(async (error: unknown) => {
      await rm(tokenPath, { force: true })
      throw error
    })
    return {
      ...{ gatewayId: vault.gatewayId, madeAt: backup.header.madeAt, rows: sum(loaded), migrated: loaded.migrated },
      ...{ tokensRevoked, plansSetAside, tokenPath, subject: made.subject },
    }
  } finally {
    // What was not committed is gone with the connection.
    await client.end()
  }
}

function sum({ counts }: LoadedBackup): number {
  return Object.values(counts).reduce((all, rows) => all + rows, 0)
}

/** What was read at the targets is dated by the same clock. */
async function timeOf(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now')
  return rows[0]?.now ?? new Date()
}
