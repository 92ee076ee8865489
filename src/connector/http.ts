/** The HTTP client that connectors are handed: one origin, its certificate rules, limits and counting built in. */
import type { ConnectorError } from './errors.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query below the configured origin; must start with `/`. */
  readonly path: string
  /** `path` without its query, and with placeholders for ids: `/api/users/:id`. For traces, which name no path without it. */
  readonly route?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Above the connector's default only; in ms. */
  readonly timeoutMs?: number
  /** `status`: of the body of the answer nothing is kept, however long it is, and `text` is empty. */
  readonly answer?: 'status'
  /**
   * Called with the whole body of an answer before any of it becomes text: what is overwritten there is not in `text`. These bytes, and those
   * that they were put together from, are zeros afterwards, also where the request fails. What it throws, the request throws.
   */
  beforeText?(body: Buffer): void
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface SocketRequest extends Pick<HttpRequest, 'path' | 'route' | 'headers'> {
  /** Called for each message once all of it is there, however many frames it came in; a binary one is read as UTF-8. Must not throw. */
  onMessage(text: string): void
}

/** A WebSocket. Nothing holds its messages back: whoever opens one bounds what it keeps of them. */
export interface HttpSocket {
  /** Does nothing once the socket is over. */
  send(text: string): void
  /**
   * Resolves when the server has answered a ping.
   * @throws ConnectorError `transient`: `http.timeout` without an answer in time, `http.connection` when the socket is over.
   */
  ping(): Promise<void>
  /** Ends it at once, also where the server does not play along. */
  close(): void
  /** Resolves when it is over, with the reason: `http.connection` as well when we closed it ourselves. */
  readonly over: Promise<ConnectorError>
}

export interface HttpClient {
  /**
   * Sends one request when a slot of the target is free (urgent calls first) and its rate budget allows.
   * @throws ConnectorError `transient` (`http.timeout`, `http.connection`, with `outcomeUnknown` when the request may have been
   * carried out), `unauthenticated` (`http.certificate`, `http.client-certificate`, `http.private-address`, `http.forbidden-address`),
   * `rejected` (`http.response-too-large`, `http.redirect`).
   * HTTP statuses are never errors here: their meaning is the connector's.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
  /**
   * Opens a WebSocket under the same rules; it counts as one request, and takes a slot only until it is open. The signal ends it at
   * any time.
   * @throws ConnectorError `transient` (`http.timeout`, `http.connection`, `http.socket-refused` when the server answered with
   * something else), `unauthenticated` (`http.certificate`).
   */
  openSocket(request: SocketRequest, signal: AbortSignal): Promise<HttpSocket>
}

/** For what has no network: every call is a bug. */
export const noCalls: HttpClient = {
  request: () => Promise.reject(new Error('this connector has no network')),
  openSocket: () => Promise.reject(new Error('this connector has no network')),
}
