/** Sends nothing to a cluster that serves strangers: asks like one, without any login, and wants to be turned away. */
import { ConnectorError } from '../../src/connector/errors.ts'
import type { HttpClient } from '../../src/connector/http.ts'
import { redirected } from '../../src/connector/redirected.ts'
import { failureOf } from './errors.ts'

const open = {
  kind: 'unauthenticated',
  code: 'elasticsearch.open',
  hint: 'the cluster answers whoever asks, without a login: everybody who reaches it could read who went where, or delete it. No event goes there before its security is on',
} as const

const anonymous = {
  kind: 'unauthenticated',
  code: 'elasticsearch.anonymous',
  hint: 'the cluster lets in whoever shows no login, as somebody with a role of their own. No event goes there before that is off',
} as const

/**
 * With security off, a cluster takes any login at all, so that ours proves nothing. One that knows strangers as somebody says 403 where it
 * gives them little: only 401 will do.
 * @throws ConnectorError `unauthenticated` for an open door; else what the answer means.
 */
export async function assertClosed(http: HttpClient, now: Date, signal: AbortSignal): Promise<void> {
  const answer = await http
    .request({ method: 'GET', path: '/', route: '/', headers: { 'user-agent': 'Gatehouse' }, answer: 'status' }, signal)
    .catch((error: unknown) => {
      throw redirected(error, 'elasticsearch.redirect')
    })
  if (answer.status === 401) return
  if (answer.status === 403) throw new ConnectorError(anonymous)
  if (answer.status < 300) throw new ConnectorError(open)
  throw failureOf(answer, now)
}
