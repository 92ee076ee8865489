/** The keys that a configuration names, for whoever checks what a gateway wrote where no gateway runs. */
import { loadConfig } from '../../config/load.ts'
import { createLog } from '../telemetry/log.ts'
import type { Vault } from '../vault/vault.ts'
import { configurable } from './connections.ts'
import { openConfiguredVault } from './open-vault.ts'

/** Reads files and nothing else. @throws ConfigError, VaultError. */
export async function openKeys(options: { readonly config: string; readonly env?: NodeJS.ProcessEnv }): Promise<Vault> {
  const config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  // Keys for demonstration are refused where they could do harm, by `start`.
  return openConfiguredVault(config, createLog({ level: 'warn' }), true).vault
}
