/** `gatehouse config adopt`: releases what the file says on this machine, for an admin, where no gateway can run. */
import { loadConfig } from '../../config/load.ts'
import { ConfigError } from '../../config/problem.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import { adoptConfiguration } from '../sync/configuration/adopt.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { codedLog } from './coded-log.ts'
import { configurable } from './connections.ts'
import { GatewayError } from './gateway-error.ts'
import { claimDatabase, openStore } from './open-store.ts'
import { openConfiguredVault } from './open-vault.ts'
import { settleReplacedKeys } from './settle-keys.ts'

export interface AdoptOptions {
  readonly config: string
  /** Of an admin: whoever adopts is named in the audit. */
  readonly token: string
  readonly reason: string
  readonly log?: Log
  readonly env?: NodeJS.ProcessEnv
}

/** @throws ConfigError, VaultError, GatewayError; Refusal `config.released-runs` when the gateway can be started instead. */
export async function adoptConfig(options: AdoptOptions): Promise<{ readonly version: number }> {
  const log = options.log ?? createLog({ level: 'warn' })
  const from = { env: options.env ?? process.env, connectors: configurable }
  const file = await loadConfig(options.config, from)
  await settleReplacedKeys(file, log)
  // Keys for demonstration are refused where they could do harm, by `start`.
  const { vault } = openConfiguredVault(file, log, true)
  const store = await openStore(file, log)
  try {
    await claimDatabase(store, vault)
    const { database } = store
    const actor = await createAuthenticator(database.db, vault)(options.token)
    if (actor?.role !== 'admin')
      throw new GatewayError('gateway.not-admin', 'this token opens nothing here, or is not that of an admin')
    const ground = { database, vault, log: codedLog(log, 'sync'), now: () => new Date() }
    const request = { deciding: file.deciding, subject: actor.subject, reason: options.reason }
    const version = await adoptConfiguration(ground, request, async ({ deciding }) => {
      try {
        await loadConfig(options.config, { ...from, instead: { deciding, name: 'the released configuration' } })
        return true
      } catch (error) {
        if (error instanceof ConfigError) return false
        throw error
      }
    })
    return { version }
  } finally {
    await store.close()
  }
}
