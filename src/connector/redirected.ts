/** What a redirect of a receiver means: it is never followed, and is no fault of the events, so somebody has to look at the address. */
import { ConnectorError } from './errors.ts'

/** As `code` where the answer was one; any other error as it is. */
export function redirected(error: unknown, code: `${string}.redirect`): unknown {
  if (!(error instanceof ConnectorError) || error.code !== 'http.redirect') return error
  const hint = 'the receiver sends us elsewhere, and nobody is followed: set the address that it means'
  return new ConnectorError({ kind: 'unauthenticated', code, hint })
}
