/** Looks for a newly released configuration every second, and has this process go over to it. */
import { ConfigError } from '../../config/problem.ts'
import { errorCode } from '../model/error-code.ts'
import { sleep } from '../model/sleep.ts'
import { type Ground, type InForce, versionAfter } from '../sync/configuration/in-force.ts'
import { GatewayError } from './gateway-error.ts'
import type { Role } from './worker-role.ts'

const lookMs = 1_000

/**
 * `goOver` may be called again for the same version when it fails. One that this process can't run is handed to `onLost`: going on
 * with what was replaced would be the worse end.
 */
export function followVersion(
  ground: Ground,
  first: InForce,
  goOver: (next: InForce) => Promise<void>,
  onLost: (error: ConfigError | GatewayError) => void,
): Role {
  const stopping = new AbortController()
  const loop = (async () => {
    let current = first
    let quiet = false
    while (!stopping.signal.aborted) {
      try {
        const next = await versionAfter(ground, current.row)
        if (next !== null && !stopping.signal.aborted) {
          await goOver(next)
          current = next
        }
        quiet = false
      } catch (error) {
        if (error instanceof ConfigError || error instanceof GatewayError) return onLost(error)
        // The store is away, most often: whoever works says so too, again and again.
        if (!quiet) ground.log('warn', 'config.not-followed', { code: errorCode(error) })
        quiet = true
      }
      await sleep(lookMs, stopping.signal)
    }
  })()

  return {
    async stop() {
      stopping.abort(new Error('stopping'))
      await loop
    },
  }
}
