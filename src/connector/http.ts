/** The HTTP client that connectors are handed: one origin, its certificate rules, limits and counting built in. */

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
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface HttpClient {
  /**
   * Sends one request when a slot of the target is free (urgent calls first) and its rate budget allows.
   * @throws ConnectorError `transient` (`http.timeout`, `http.connection`, with `outcomeUnknown` when the request may have been
   * carried out), `unauthenticated` (`http.certificate`), `rejected` (`http.response-too-large`, `http.redirect`).
   * HTTP statuses are never errors here: their meaning is the connector's.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
}
