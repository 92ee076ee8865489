/** What may be logged of an unknown error: its code when it carries a plain one (SQLSTATE, `ECONNREFUSED`), else its class; never its message. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : error.name
}
