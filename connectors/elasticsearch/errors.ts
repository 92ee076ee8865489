/** What the statuses of a cluster mean, of whole requests and of single documents, by tables; of its texts only the type of a failure is read. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'
import { retryAfterMs } from '../../src/connector/retry-after.ts'

export const notUnderstood = act(
  'elasticsearch.not-understood',
  'what answers there is no Elasticsearch and no OpenSearch: perhaps the login page of a proxy; compare url',
)
export const noStream = act(
  'elasticsearch.no-stream',
  'the data stream is not there, and our login may not make it: install the template as the page of the connector says, or allow it',
)
const notAllowed = act(
  'elasticsearch.not-allowed',
  'the login may not write into the data stream: give it the rights that the page of the connector names',
)
const throttled: ConnectorFailure = {
  kind: 'throttled',
  code: 'elasticsearch.throttled',
  hint: 'the cluster has more to write than it can: it asks us to slow down',
}
const unavailable = later('elasticsearch.unavailable', 'the cluster is not ready to write: see its own state')
const diskFull = later(
  'elasticsearch.disk-full',
  'a disk of the cluster is as good as full, so that it writes nothing more: free some space there',
)
const blocked = act('elasticsearch.blocked', 'somebody, or a lifecycle, closed the data stream to writing')

const byStatus: Readonly<Record<number, ConnectorFailure>> = {
  400: { kind: 'rejected', code: 'elasticsearch.request-refused', hint: 'the cluster refuses the request as a whole' },
  401: act(
    'elasticsearch.login-refused',
    'the cluster does not accept our login: compare it with the cluster, and its end',
  ),
  403: notAllowed,
  404: noStream,
  405: notUnderstood,
  406: notUnderstood,
  407: act('elasticsearch.proxy', 'a proxy asks for a login, and none is ever given: let the connection pass'),
  413: {
    kind: 'rejected',
    code: 'elasticsearch.too-large',
    hint: 'the request is larger than the cluster, or a proxy, takes',
  },
  429: throttled,
  503: unavailable,
}

/** For a person: told at once, and tried again slowly. */
function act(code: string, hint: string): ConnectorFailure {
  return { kind: 'unauthenticated', code, hint }
}

function later(code: string, hint: string): ConnectorFailure {
  return { kind: 'transient', code, hint }
}

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Of a request as a whole that was not taken. */
export function failureOf({ status, headers }: Told, now: Date): ConnectorError {
  const waitMs = retryAfterMs(headers['retry-after'], now)
  if ((status === 429 || status === 503) && waitMs !== null)
    return new ConnectorError({ ...throttled, retryAfterMs: waitMs })
  const other = later(`elasticsearch.status-${status}`, 'the cluster did not take the request: see its log')
  return new ConnectorError(byStatus[status] ?? (status < 300 ? notUnderstood : other))
}

/** What became of one document: it is there, it will never be, or not now. */
export type Fate = 'taken' | 'refused' | ConnectorFailure

/** By the status of the item, and the `type` of its error, where there is one. */
export function fateOf(status: number, type: string | undefined): Fate {
  if (status >= 200 && status <= 299) return 'taken'
  // It is there already: written before, with an answer that never came.
  if (status === 409 && type === 'version_conflict_engine_exception') return 'taken'
  if (status === 400) return 'refused'
  if (type === 'cluster_block_exception') return status === 429 ? diskFull : status === 403 ? blocked : unavailable
  const other = later(`elasticsearch.status-${status}`, 'the cluster did not take a document: see its log')
  return status === 413 ? 'refused' : (byStatus[status] ?? other)
}
