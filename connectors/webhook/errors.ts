/** What the status of an answer means, by a table; of the body nothing is ever read. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'
import type { HttpResponse } from '../../src/connector/http.ts'
import { retryAfterMs } from '../../src/connector/retry-after.ts'

/** Told to wait, and not how long. */
const waitMs = 30_000

const byStatus: Readonly<Record<number, ConnectorFailure>> = {
  401: refused('the receiver does not accept the signature: compare the secret on both sides'),
  403: refused('the receiver does not allow us in: compare secret and address on both sides'),
  407: refused('a proxy asks for a login, and none is ever given: let the connection pass'),
  410: { kind: 'rejected', code: 'sink.gone', hint: 'the receiver says that it is there no more' },
  413: { kind: 'rejected', code: 'webhook.too-large', hint: 'the message is larger than the receiver takes' },
}

function refused(hint: string): ConnectorFailure {
  return { kind: 'unauthenticated', code: 'webhook.refused', hint }
}

/** Null for an answer that says that the message was taken. */
export function failureOf({ status, headers }: HttpResponse, now: Date): ConnectorError | null {
  if (status >= 200 && status <= 299) return null
  const asked = retryAfterMs(headers['retry-after'], now)
  if (status === 429 || (status === 503 && asked !== null)) {
    const hint = 'the receiver asks us to slow down'
    return new ConnectorError({ kind: 'throttled', code: 'webhook.throttled', hint, retryAfterMs: asked ?? waitMs })
  }
  const hint = 'the receiver did not take the message: see its log'
  return new ConnectorError(byStatus[status] ?? { kind: 'transient', code: `webhook.status-${status}`, hint })
}
