/** Opens the vault that the configuration names, and refuses keys that are not fit for real people. */
import type { Config } from '../../config/config.ts'
import type { Log } from '../telemetry/log.ts'
import { readExternalKey } from '../vault/external-key.ts'
import { type LivingKeyring, openLivingKeyring } from '../vault/living-keyring.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import { GatewayError } from './gateway-error.ts'

export interface ConfiguredVault {
  readonly vault: Vault
  /** The file behind it. */
  readonly keyring: LivingKeyring
}

/** @throws VaultError, or GatewayError when a demo keyring would serve real people. */
export function openConfiguredVault(config: Config, log: Log, allowDemo: boolean): ConfiguredVault {
  const { key, warnings } = readExternalKey(config.keys.external)
  for (const { code } of warnings) log.warn({ event: 'keys.warning', code }, 'keys')
  const keyring = openLivingKeyring(config.keys.keyringPath, key)
  if (keyring.current.stamp === 'demo' && !allowDemo) {
    throw new GatewayError(
      'gateway.demo-keys',
      'this keyring is stamped for demonstration only: make another with `gatehouse init`',
    )
  }
  return { vault: openVault(keyring), keyring }
}
