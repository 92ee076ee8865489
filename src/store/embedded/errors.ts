/** What can keep the embedded server from running, each with a code and with what an operator can do about it. */

export type EmbeddedErrorCode =
  | 'embedded.platform'
  | 'embedded.binaries'
  | 'embedded.server-user'
  | 'embedded.place'
  | 'embedded.passwords'
  | 'embedded.version'
  | 'embedded.initialise'
  | 'embedded.foreign-server'
  | 'embedded.unreachable'
  | 'embedded.start'
  | 'embedded.stop'
  | 'embedded.directory-taken'

/** Its message holds paths, versions and process ids only, never a password or a row. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedErrorCode

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The way out that always exists; ends the messages of failures that lie in the machine. */
export const orDatabaseUrl = 'or set DATABASE_URL to use a PostgreSQL server of your own'

/** The code of a system error (`ENOENT`) or of `pg` (SQLSTATE), if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
