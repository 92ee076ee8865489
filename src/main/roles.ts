/** What a gateway's process can do: by default all of it, and on the embedded database, which serves one process, nothing less. */
import type { Config } from '../../config/config.ts'
import { GatewayError } from './gateway-error.ts'

export const roles = ['api', 'worker', 'scheduler'] as const
export type Role = (typeof roles)[number]

/**
 * The embedded database serves the process that started it and no other, so what this one leaves out nobody would do: no lock-out would
 * ever be carried out. @throws GatewayError with what to do.
 */
export function refuseRolesAlone({ databaseUrl }: Pick<Config, 'databaseUrl'>, given: readonly Role[]): void {
  const missing = roles.filter((role) => !given.includes(role))
  if (databaseUrl !== null || missing.length === 0) return
  throw new GatewayError(
    'gateway.roles-alone',
    `the embedded database serves one process alone, and nobody would do the work of ${missing.join(' and ')}: leave --roles out, or give all processes one PostgreSQL (DATABASE_URL)`,
  )
}
