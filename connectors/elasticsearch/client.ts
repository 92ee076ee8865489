/** The official client, with no way out but ours: it opens no socket, checks no certificate and tries nothing again by itself. */
import type {
  Client,
  ConnectionRequestOptions,
  ConnectionRequestOptionsAsStream,
  ConnectionRequestParams,
  TransportOptions,
  TransportRequestOptionsWithMeta,
  TransportResult,
} from '@elastic/elasticsearch'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { HttpClient, HttpRequest } from '../../src/connector/http.ts'
import { redirected } from '../../src/connector/redirected.ts'
import { notUnderstood } from './errors.ts'
import type { ElasticsearchSettings } from './settings.ts'

/** Whatever the status; that says what it means. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As it came from outside. */
  readonly body: unknown
}

export interface Cluster {
  /**
   * One call of the client's API.
   * @throws ConnectorError where there is no answer, or none that can be read; the reason of `signal` when that was given.
   */
  call(
    run: (client: Client, options: TransportRequestOptionsWithMeta) => Promise<TransportResult>,
    signal: AbortSignal,
  ): Promise<Answer>
}

/** Makes no call yet. The client is large, and loaded for those who have a subscription of this kind. */
export async function openCluster(settings: ElasticsearchSettings, http: HttpClient): Promise<Cluster> {
  const { BaseConnection, Client: ElasticClient, errors, Transport } = await import('@elastic/elasticsearch')

  class OurConnection extends BaseConnection {
    override async request(
      { method, path, querystring = '', headers, body }: ConnectionRequestParams,
      { signal }: ConnectionRequestOptions | ConnectionRequestOptionsAsStream,
      // biome-ignore lint/suspicious/noExplicitAny: the class declares one type for streams, which are never asked for, and one for all else
    ): Promise<any> {
      const answer = await http.request(
        {
          method: method as HttpRequest['method'],
          path: querystring === '' ? path : `${path}?${querystring}`,
          route: path,
          headers: headersOf({ ...this.headers, ...headers }),
          ...(typeof body === 'string' ? { body } : {}),
        },
        signal ?? new AbortController().signal,
      )
      return { statusCode: answer.status, headers: answer.headers, body: answer.text }
    }

    override async close(): Promise<void> {}
  }

  /** Content types that all products know, and no question whether this is the vendor's own: OpenSearch is not, and is meant as well. */
  class AnyProduct extends Transport {
    constructor({ productCheck: _product, vendoredHeaders: _headers, ...options }: TransportOptions) {
      super({ ...options, openTelemetry: { enabled: false } })
    }
  }

  const { url, api_key: apiKey, username = '', password = '' } = settings
  const client = new ElasticClient({
    node: url,
    auth: apiKey === undefined ? { username, password } : { apiKey },
    headers: { 'user-agent': 'Gatehouse' },
    Connection: OurConnection,
    Transport: AnyProduct,
    maxRetries: 0,
    enableMetaHeader: false,
  })

  return {
    async call(run, signal) {
      signal.throwIfAborted()
      try {
        const { statusCode, headers, body } = await run(client, { signal, meta: true })
        return { status: statusCode ?? 0, headers, body }
      } catch (error) {
        signal.throwIfAborted()
        // Such an error holds the whole request, with our login in it: nothing of it is passed on.
        if (error instanceof errors.ResponseError)
          return { status: error.statusCode ?? 0, headers: error.headers ?? {}, body: error.body }
        if (error instanceof errors.ElasticsearchClientError) throw new ConnectorError(notUnderstood)
        throw redirected(error, 'elasticsearch.redirect')
      }
    },
  }
}

function headersOf(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name === 'content-length' ? [] : [[name, String(value)]],
    ),
  )
}
