/** `gatehouse init`: makes the keys and the first personal token, and never overwrites what is there. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { recordAudit } from '../audit/record.ts'
import { createSubjectWithToken } from '../auth/tokens.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { initKeys } from '../vault/init-keys.ts'
import { configurable } from './connections.ts'
import { makeDataFolder } from './data-folder.ts'
import { GatewayError } from './gateway-error.ts'
import { claimDatabase, openStore } from './open-store.ts'
import { openConfiguredVault } from './open-vault.ts'

export interface InitOptions {
  readonly config: string
  /** Whom the first token is for: a person's name, sealed. */
  readonly subject: string
  readonly demo?: boolean
  readonly log?: Log
  readonly env?: NodeJS.ProcessEnv
}

export interface Initialised {
  readonly keyPath: string
  readonly keyringPath: string
  readonly tokenPath: string
  readonly warnings: readonly string[]
  readonly subject: string
  readonly gatewayId: string
}

/** How long the first token lives. */
const tokenDays = 90

/** @throws ConfigError; VaultError `vault.file-exists` when keys are there already; GatewayError when the database belongs to another gateway. */
export async function initGateway(options: InitOptions): Promise<Initialised> {
  const log = options.log ?? createLog({ level: 'warn' })
  const config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  const { external, keyringPath } = config.keys
  const tokenPath = join(config.gateway.dataPath, 'operator.token')
  if (existsSync(tokenPath))
    throw new GatewayError(
      'gateway.initialised-before',
      `${tokenPath} is there already: this gateway was initialised before`,
    )
  const keyPath = 'keyFile' in external ? external.keyFile : null
  if (keyPath === null)
    throw new GatewayError(
      'gateway.key-not-in-file',
      'init makes a key file: set keys.key_file for now, move its content to the credential or variable after',
    )
  await makeDataFolder(config.gateway.dataPath)
  const { warnings } = initKeys({ keyPath, keyringPath, stamp: options.demo === true ? 'demo' : 'production' })
  const { vault } = openConfiguredVault(config, log, options.demo === true)
  const store = await openStore(config, log)
  try {
    await claimDatabase(store, vault)
    const made = await store.database.db.transaction().execute(async (tx) => {
      const token = await createSubjectWithToken(tx, vault, { name: options.subject, role: 'admin', days: tokenDays })
      await recordAudit(tx, vault, {
        actor: token.subject,
        action: 'token.created',
        object: token.id,
        details: { first: true, expiresAt: token.expiresAt },
      })
      return token
    })
    await mkdir(dirname(tokenPath), { recursive: true })
    await writeFile(tokenPath, `${made.token}\n`, { mode: 0o600, flag: 'wx' })
    return {
      keyPath,
      keyringPath,
      tokenPath,
      warnings: warnings.map(({ message }) => message),
      subject: made.subject,
      gatewayId: vault.gatewayId,
    }
  } finally {
    await store.close()
  }
}
