/** Ends a replacement of all keys that was cut short: the database says which keys it is under, and the files follow it. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../model/refusal.ts'
import { holdOff } from '../store/alone.ts'
import { schemaName } from '../store/database.ts'
import { isUnder } from '../sync/rekey/replace.ts'
import type { Log } from '../telemetry/log.ts'
import { type ExternalKey, readExternalKey } from '../vault/external-key.ts'
import type { Keyring } from '../vault/keyring.ts'
import { loadKeyring } from '../vault/keyring-file.ts'
import { hasNextKeyring, nextKeyringPath, putInPlace, type ReplacedFiles, throwAway } from '../vault/next-keyring.ts'
import { openVault } from '../vault/vault.ts'
import { VaultError } from '../vault/vault-error.ts'
import { GatewayError } from './gateway-error.ts'
import { openServer } from './open-store.ts'

/** What is replaced together with the keyring. */
export function replacedFiles({ keys, gateway }: Pick<Config, 'keys' | 'gateway'>): ReplacedFiles {
  return { keyringPath: keys.keyringPath, others: [keys.erasureJournalPath, tokenPath({ gateway })] }
}

export function tokenPath({ gateway }: Pick<Config, 'gateway'>): string {
  return join(gateway.dataPath, 'operator.token')
}

/**
 * To be called before the keyring is opened; costs nothing when there is nothing to end. `present` opens the keyring that is in its place, if
 * that is not the configured key. @throws VaultError as `loadKeyring`, for the keyring that would be needed; GatewayError
 * `gateway.keys-unsettled` when the database is under neither: then both files stay; Refusal `keys.busy`.
 */
export async function settleReplacedKeys(
  config: Config,
  log: Log,
  present?: ExternalKey,
): Promise<'nothing' | 'finished' | 'undone'> {
  const files = replacedFiles(config)
  if (!hasNextKeyring(files)) return 'nothing'
  const { key } = readExternalKey(config.keys.external)
  const server = await openServer(config, log)
  const client = new pg.Client({ ...server.runtime, options: `-c search_path=${schemaName}` })
  // A connection that breaks fails the query that is under way.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await waitForTurn(client)
    // Another process may have done it meanwhile.
    return hasNextKeyring(files) ? await settle(client, files, { key, present: present ?? key }, log) : 'nothing'
  } finally {
    await client.end()
    await server.close()
  }
}

const patienceMs = 10_000

/**
 * Whoever replaces the keys just now holds the database, and a keyring that nothing is under yet; and so does, for some moments, PostgreSQL in
 * the name of one who was killed, and may still commit. @throws Refusal `keys.busy`.
 */
async function waitForTurn(client: pg.Client): Promise<void> {
  for (const begun = performance.now(); !(await holdOff(client)); await sleep(100))
    if (performance.now() - begun > patienceMs) throw new Refusal('keys.busy')
}

async function settle(
  client: pg.Client,
  files: ReplacedFiles,
  { key, present }: { readonly key: ExternalKey; readonly present: ExternalKey },
  log: Log,
): Promise<'finished' | 'undone'> {
  const next = tryLoad(nextKeyringPath(files.keyringPath), key)
  const before = tryLoad(files.keyringPath, present)
  const counts = async (keyring: Keyring | VaultError): Promise<boolean> =>
    !(keyring instanceof VaultError) && (await isUnder(client, openVault(keyring)))
  if (await counts(next)) {
    putInPlace(files, next as Keyring)
    log.info({ event: 'keys.replacement-finished' }, 'keys')
    return 'finished'
  }
  if (await counts(before)) {
    throwAway(files)
    log.info({ event: 'keys.replacement-undone' }, 'keys')
    return 'undone'
  }
  for (const keyring of [before, next]) if (keyring instanceof VaultError) throw keyring
  throw new GatewayError(
    'gateway.keys-unsettled',
    `the keys were being replaced, and the database is under neither the keyring nor ${nextKeyringPath(files.keyringPath)}: keep both files, and restore a backup`,
  )
}

function tryLoad(path: string, key: ExternalKey): Keyring | VaultError {
  try {
    return loadKeyring(path, key)
  } catch (error) {
    if (error instanceof VaultError) return error
    throw error
  }
}
