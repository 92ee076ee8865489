/** `gatehouse keys rotate --compromised`: while nothing runs, makes all keys new and brings everything under them, or does nothing at all. */
import { statfs } from 'node:fs/promises'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { createSubjectWithToken } from '../auth/tokens.ts'
import { Refusal } from '../model/refusal.ts'
import { holdAlone, holdOff } from '../store/alone.ts'
import { kyselyOn, openDatabase, schemaName } from '../store/database.ts'
import { rewriteJournal } from '../store/erasure-journal.ts'
import { migrate } from '../store/migrate.ts'
import { inDryTransaction } from '../store/transaction.ts'
import { versionInForce } from '../sync/configuration/in-force.ts'
import { compactStore } from '../sync/rekey/compact.ts'
import { rekey } from '../sync/rekey/rekey.ts'
import { holdStore, prepareStore, recordReplaced } from '../sync/rekey/replace.ts'
import { Tally, type Turn } from '../sync/rekey/turn.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { noTraces } from '../telemetry/traces.ts'
import { type ExternalKey, readExternalKey } from '../vault/external-key.ts'
import { replacedKeyring } from '../vault/keyring.ts'
import { loadKeyring } from '../vault/keyring-file.ts'
import { openLivingKeyring } from '../vault/living-keyring.ts'
import {
  nextKeyringPath,
  putInPlace,
  type ReplacedFiles,
  saveNextKeyring,
  throwAway,
  waitingPath,
} from '../vault/next-keyring.ts'
import { writePrivateFile } from '../vault/private-file.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import { codedLog } from './coded-log.ts'
import { configurable, connectTarget } from './connections.ts'
import { GatewayError } from './gateway-error.ts'
import { claimDatabase, type DatabaseServer, openServer, refuseOldKeyring } from './open-store.ts'
import { replacedFiles, settleReplacedKeys, tokenPath } from './settle-keys.ts'

export interface ReplaceKeysOptions {
  readonly config: string
  /** Whom the only token that works is for, and who is named in the audit. */
  readonly subject: string
  readonly reason: string
  /** Without it, only looks. */
  readonly yes: boolean
  /** Holds the external key that the present keyring was saved with, when the configured one is to be another from now on. */
  readonly oldKeyFile?: string
  /** Given once what tells how many rows were made anew so far. */
  readonly onBegin?: (rows: () => number) => void
  readonly log?: Log
  readonly env?: NodeJS.ProcessEnv
}

/** What would be done, or was. */
export interface ReplacePreview {
  readonly done: false
  readonly people: number
  readonly bytes: number
  /** On the disk of an embedded server; null for a given one. */
  readonly freeBytes: number | null
}

export interface KeysReplaced {
  readonly done: true
  /** An earlier run had come so far that only the files were left to be put in place: this one did that, and no more. */
  readonly finishedEarlier: boolean
  readonly keySet: string
  readonly tokenPath: string
  readonly rows: number
  /** Rows whose signature was wrong before, and is now. */
  readonly refused: number
  /** Rows with a sealed value that did not open before, and does not now. */
  readonly unreadable: number
  readonly tokensEnded: number
  /** False when the audit trail was broken before. */
  readonly trailIsWhole: boolean
  /** Whether the old rows are out of the database's files, too. */
  readonly compacted: boolean
}

/** How long the new token lives. */
const tokenDays = 90

/**
 * Killed at any moment it has done everything or nothing: `start`, or the same command again, sees which.
 * @throws ConfigError, VaultError, GatewayError, AuthError, EmbeddedPostgresError; Refusal `keys.busy` while a process of this gateway runs.
 */
export async function replaceAllKeys(options: ReplaceKeysOptions): Promise<ReplacePreview | KeysReplaced> {
  const log = options.log ?? createLog({ level: 'warn' })
  const config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  const { key } = readExternalKey(config.keys.external)
  const present = options.oldKeyFile === undefined ? key : readExternalKey({ keyFile: options.oldKeyFile }).key
  const settled = await settleReplacedKeys(config, log, present)
  if (settled === 'finished') return finishedEarlier(config, key)
  const keyring = openLivingKeyring(config.keys.keyringPath, present)
  const server = await openServer(config, log)
  try {
    return await onServer({ ...options, log }, { config, server, keyring, externalKey: key })
  } finally {
    await server.close()
  }
}

function finishedEarlier(config: Config, key: ExternalKey): KeysReplaced {
  const keySet = openVault(openLivingKeyring(config.keys.keyringPath, key)).keySet
  return {
    ...{ done: true, finishedEarlier: true, keySet, tokenPath: tokenPath(config), rows: 0, refused: 0, unreadable: 0 },
    ...{ tokensEnded: 0, trailIsWhole: true, compacted: false },
  }
}

interface Place {
  readonly config: Config
  readonly server: DatabaseServer
  readonly keyring: Parameters<typeof openVault>[0] & { readonly current: Parameters<typeof replacedKeyring>[0] }
  /** What wraps the next keyring. */
  readonly externalKey: ExternalKey
}

async function onServer(
  options: ReplaceKeysOptions & { readonly log: Log },
  place: Place,
): Promise<ReplacePreview | KeysReplaced> {
  const { server } = place
  const client = new pg.Client({ ...server.owner, options: `-c search_path=${schemaName}` })
  // A connection that breaks fails the query that is under way, or the next one.
  client.on('error', () => undefined)
  await client.connect()
  try {
    // Of an embedded server it is known that nobody else is there.
    if (!(await (server.embedded ? holdOff : holdAlone)(client))) throw new Refusal('keys.busy')
    const preview = await look(client, server)
    if (!options.yes) return preview
    if (preview.freeBytes !== null && preview.freeBytes < preview.bytes)
      throw new GatewayError(
        'gateway.disk-full',
        `everything is written anew beside what is there, which takes ${preview.bytes} bytes, and ${preview.freeBytes} are free`,
      )
    return await replace(client, options, place)
  } finally {
    await client.end()
  }
}

async function look(client: pg.Client, { dataPath }: DatabaseServer): Promise<ReplacePreview> {
  const { rows } = await client.query<{ people: number; bytes: string }>(
    'select (select count(*)::int from person) as people, pg_database_size(current_database())::text as bytes',
  )
  const disk = dataPath === null ? null : await statfs(dataPath)
  const freeBytes = disk === null ? null : disk.bavail * disk.bsize
  return { done: false, people: rows[0]?.people ?? 0, bytes: Number(rows[0]?.bytes ?? 0), freeBytes }
}

async function replace(
  client: pg.Client,
  options: ReplaceKeysOptions & { readonly log: Log },
  { config, server, keyring, externalKey }: Place,
): Promise<KeysReplaced> {
  const { log, subject: name, reason } = options
  const old = openVault(keyring)
  const migrated = await migrate(server.owner)
  const database = openDatabase(server.runtime, 2)
  const files = replacedFiles(config)
  try {
    await claimDatabase({ database, migrated }, old)
    await refuseOldKeyring(database, keyring.current)
    const request = { name, role: 'admin', days: tokenDays } as const
    // Who may not be given a token hears of it before the long part.
    await inDryTransaction(database.pool, (trial) => createSubjectWithToken(kyselyOn(trial), old, request))
    const trail = await prepareStore(database.pool, old)
    const renders = await rendersOf(options, config, { database, vault: old })
    const tally = new Tally()
    options.onBegin?.(() => tally.sum('rows'))
    await client.query('begin')
    const at = new Date()
    const nextKeyring = replacedKeyring(keyring.current, await holdStore(client), at)
    const next = openVault(nextKeyring)
    const turn: Turn = { old, next, at, render: (target) => renders.get(target) ?? null, tally }
    const tokensEnded = await liveTokens(client)
    await beforeCommit(client, files, async () => {
      saveNextKeyring(files, nextKeyring, externalKey)
      await rekey(client, turn)
      const made = await createSubjectWithToken(kyselyOn(client), next, request, at)
      await recordReplaced(client, turn, { by: made.subject, reason, trail })
      writePrivateFile(waitingPath(tokenPath(config), next.keySet), `${made.token}\n`, { replace: true })
      const { erasureJournalPath: journal } = config.keys
      rewriteJournal(journal, waitingPath(journal, next.keySet), old, next)
      // What was committed without them would be lost.
      loadKeyring(nextKeyringPath(files.keyringPath), externalKey)
    })
    // Should its answer get lost, the files stay, and who comes next asks the database.
    await client.query('commit')
    putInPlace(files, nextKeyring)
    log.info({ event: 'keys.replaced', count: tally.sum('rows') }, 'keys')
    return {
      ...{ done: true, finishedEarlier: false, keySet: next.keySet, tokenPath: tokenPath(config) },
      ...{ rows: tally.sum('rows'), refused: tally.sum('refused'), unreadable: tally.sum('unreadable') },
      ...{ tokensEnded, trailIsWhole: trail.ok, compacted: await compactStore(client) },
    }
  } finally {
    await database.close()
  }
}

/** What fails has done nothing. */
async function beforeCommit(client: pg.Client, files: ReplacedFiles, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throwAway(files)
    throw error
  }
}

async function liveTokens(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ live: number }>(
    'select count(*)::int as live from api_token where revoked_at is null and expires_at > now()',
  )
  return rows[0]?.live ?? 0
}

type Render = NonNullable<ReturnType<Turn['render']>>

/** How each target of the configuration in force writes a person; none of them is asked. */
async function rendersOf(
  { config: path, log, env }: ReplaceKeysOptions & { readonly log: Log },
  file: Config,
  { database, vault }: { readonly database: Parameters<typeof versionInForce>[0]['database']; readonly vault: Vault },
): Promise<ReadonlyMap<string, Render>> {
  const config = await inForce(path, file, { database, vault, log: codedLog(log, 'sync'), now: () => new Date() }, env)
  const renders = new Map<string, Render>()
  for (const id of Object.keys(config.targets)) {
    const connected = await connectTarget(
      config,
      id,
      { log, traces: noTraces, vault: null },
      new AbortController().signal,
      false,
    )
    try {
      renders.set(id, connected.connection.accounts.render)
    } finally {
      await connected.close()
    }
  }
  return renders
}

async function inForce(
  path: string,
  file: Config,
  ground: Parameters<typeof versionInForce>[0],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Config> {
  try {
    const { deciding } = await versionInForce(ground)
    return await loadConfig(path, {
      ...{ env, connectors: configurable },
      instead: { deciding, name: 'the released configuration' },
    })
  } catch (error) {
    // Nothing was released yet, or nothing can be trusted: the file is as good as any other guess at how profiles are written.
    if (error instanceof Refusal) return file
    throw error
  }
}
