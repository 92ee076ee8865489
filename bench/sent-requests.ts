/** What this process sends over HTTP, as undici itself tells it: nothing is replaced or slowed. */
import diagnostics from 'node:diagnostics_channel'

/** A request as it was sent, without its session. */
export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly body: string | null
}

let sent: SentRequest[] | null = null

diagnostics.subscribe('undici:request:create', (message) => {
  const { method, path, body } = (message as { request: { method: string; path: string; body: unknown } }).request
  sent?.push({ method, path, body: body === null || body === undefined ? null : String(body) })
})

/** Forgets what was sent before. */
export function recordRequests(): void {
  sent = []
}

/** Since `recordRequests`. */
export function recordedRequests(): SentRequest[] {
  return sent ?? []
}
