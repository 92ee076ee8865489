/** A control API over plain HTTP and JSON on a loopback port of its own, for demos and for tests in other processes. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Body = Record<string, unknown>

/** `id` is the value of the one variable path segment, '' if the path has none. */
export type Handle<Control> = (control: Control, body: Body, id: string, query: URLSearchParams) => unknown

/** By `METHOD /path`; a variable segment is a colon. The bodies are trusted: whoever reaches the port may do everything anyway. */
export type Routes<Control> = Readonly<Record<string, Handle<Control>>>

class Missing extends Error {}

/** Answers 404. */
export function missing(): never {
  throw new Missing('not found')
}

/** Milliseconds of a number or an ISO moment; a TypeError for anything else. */
export function instant(value: unknown): number {
  const ms = typeof value === 'number' ? value : Date.parse(String(value))
  if (Number.isNaN(ms)) throw new TypeError('now is neither milliseconds nor an ISO moment')
  return ms
}

/**
 * Opens the door on 127.0.0.1; port 0 takes a free one. A TypeError or SyntaxError of a handler answers 400; `refusal` turns other
 * errors that are the caller's into such a body, and gives null for the rest, which answer 500 with their stack.
 */
export async function openJsonDoor<Control>(
  control: Control,
  routes: Routes<Control>,
  port: number,
  refusal: (error: unknown) => Body | null = () => null,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void answer(request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await outcome(request)
    const text = JSON.stringify(body ?? { ok: true })
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }

  async function outcome(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    try {
      const url = new URL(request.url ?? '/', 'http://side-door')
      const found = findRoute(routes, request.method ?? 'GET', url.pathname)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const sent = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body)
      return { status: 200, body: found.handle(control, sent, found.id, url.searchParams) }
    } catch (error) {
      if (error instanceof Missing) return { status: 404, body: { error: error.message } }
      const refused = refusal(error)
      if (refused !== null) return { status: 400, body: refused }
      if (error instanceof TypeError || error instanceof SyntaxError) {
        return { status: 400, body: { error: error.message } }
      }
      return { status: 500, body: { error: error instanceof Error ? error.stack : String(error) } }
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function findRoute<Control>(
  routes: Routes<Control>,
  method: string,
  path: string,
): { handle: Handle<Control>; id: string } {
  const segments = path.split('/')
  const exact = routes[`${method} ${path}`]
  if (exact) return { handle: exact, id: '' }
  for (let at = segments.length - 1; at > 1; at--) {
    const handle = routes[`${method} ${segments.with(at, ':').join('/')}`]
    if (handle) return { handle, id: decodeURIComponent(segments[at] ?? '') }
  }
  return missing()
}
