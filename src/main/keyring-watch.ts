/** Has this process notice, within a second, what another one changed in the keyring file. */
import { errorCode } from '../model/error-code.ts'
import type { Log } from '../telemetry/log.ts'
import type { KeyringSource } from '../vault/living-keyring.ts'

const everyMs = 1_000

/** Says once that the file can't be used; what is known stays in use. Returns what ends it. */
export function watchKeyring(keyring: KeyringSource, log: Log): () => Promise<void> {
  let failed = false
  const timer = setInterval(() => {
    try {
      if (keyring.refresh()) log.info({ event: 'keys.changed' }, 'keys')
      failed = false
    } catch (error) {
      if (!failed) log.error({ event: 'keys.not-read', code: errorCode(error) }, 'keys')
      failed = true
    }
  }, everyMs).unref()
  return async () => clearInterval(timer)
}
