/** The control API: plain HTTP and JSON on a loopback port of its own, for demos and for tests in other processes. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SimulatorControl } from './control.ts'
import { Refusal } from './envelope.ts'
import type { FaultSpec } from './faults.ts'
import type { HandChange } from './hand.ts'
import type { RequestFilter } from './request-log.ts'
import type { Seed } from './seed.ts'
import type { Swipe } from './swipe.ts'

type Body = Record<string, unknown>
type Handle = (control: SimulatorControl, body: Body, id: string, query: URLSearchParams) => unknown

// The bodies are trusted: whoever reaches this port may do everything anyway. What is wrong in them throws below.
const routes: Record<string, Handle> = {
  'GET /state': ({ state }, _body, _id, query) => ({
    total: state.userCount,
    users: state.users(Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 0)),
    groups: state.groups(),
    doors: state.doors(),
    devices: state.devices(),
    sessions: state.sessions,
  }),
  'GET /state/users/:': ({ state }, _body, id) => state.user(id) ?? missing(),
  'GET /state/cards/:': ({ state }, _body, id) => state.card(id) ?? missing(),
  'GET /events': ({ state }) => ({ events: state.events() }),
  'POST /swipe': (control, body) => control.swipe(body as unknown as Swipe),
  'GET /faults': ({ faults }) => ({ faults: faults.list() }),
  'POST /faults': ({ faults }, body) => faults.add(body as unknown as FaultSpec),
  'DELETE /faults': ({ faults }) => faults.clear(),
  'DELETE /faults/:': ({ faults }, _body, id) => (faults.remove(Number(id)) ? null : missing()),
  'GET /requests': ({ requests }, _body, _id, query) => {
    const filter = Object.fromEntries([...query].filter(([name]) => ['user', 'method', 'path'].includes(name)))
    return { count: requests.count, requests: requests.find(filter satisfies RequestFilter) }
  },
  'DELETE /requests': ({ requests }) => requests.clear(),
  'POST /devices/:/offline': (control, body, id) => {
    control.setDevice(id, body.offline === false ? 'online' : 'offline')
    return { devices: control.state.devices() }
  },
  'POST /devices/:/condition': (control, body, id) => {
    control.setDevice(id, String(body.condition) as Parameters<SimulatorControl['setDevice']>[1])
    return { devices: control.state.devices() }
  },
  'POST /clock': ({ clock }, body) => {
    if (body.frozen === false) clock.thaw()
    if (body.now !== undefined) {
      const ms = instant(body.now)
      if (body.frozen === true) clock.freeze(ms)
      else clock.set(ms)
    }
    if (body.advanceMs !== undefined) clock.advance(Number(body.advanceMs))
    return { now: new Date(clock.now()).toISOString() }
  },
  'POST /seed': (control, body) => control.seed(body as Seed),
  'POST /hand': (control, body) => control.hand(body as unknown as HandChange),
  'POST /settings': (control, body) => control.changeSettings(body),
  'POST /quirks': (control, body) => Object.assign(control.quirks, body),
  'POST /latency': (control, body) =>
    control.setLatency(
      'fixedMs' in body
        ? { fixedMs: Number(body.fixedMs) }
        : { medianMs: Number(body.medianMs), p99Ms: Number(body.p99Ms) },
    ),
  'POST /backup': (control) => control.backup(),
  'POST /restore': (control) => control.putBack(),
  'POST /restart': (control) => control.restart(),
}

class Missing extends Error {}

function missing(): never {
  throw new Missing('not found')
}

function instant(value: unknown): number {
  const ms = typeof value === 'number' ? value : Date.parse(String(value))
  if (Number.isNaN(ms)) throw new TypeError('now is neither milliseconds nor an ISO moment')
  return ms
}

/** Opens the control API on 127.0.0.1. */
export async function openSideDoor(
  control: SimulatorControl,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void answer(control, request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(control: SimulatorControl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await outcome(control, request)
  const text = JSON.stringify(body ?? { ok: true })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

async function outcome(
  control: SimulatorControl,
  request: IncomingMessage,
): Promise<{ status: number; body: unknown }> {
  try {
    const url = new URL(request.url ?? '/', 'http://side-door')
    const found = findRoute(request.method ?? 'GET', url.pathname)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const sent = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body)
    return { status: 200, body: found.handle(control, sent, found.id, url.searchParams) }
  } catch (error) {
    if (error instanceof Missing) return { status: 404, body: { error: error.message } }
    if (error instanceof Refusal) return { status: 400, body: { error: error.message, code: error.code } }
    if (error instanceof TypeError || error instanceof SyntaxError) {
      return { status: 400, body: { error: error.message } }
    }
    return { status: 500, body: { error: error instanceof Error ? error.stack : String(error) } }
  }
}

function findRoute(method: string, path: string): { handle: Handle; id: string } {
  const segments = path.split('/')
  const exact = routes[`${method} ${path}`]
  if (exact) return { handle: exact, id: '' }
  for (let at = segments.length - 1; at > 1; at--) {
    const handle = routes[`${method} ${segments.with(at, ':').join('/')}`]
    if (handle) return { handle, id: decodeURIComponent(segments[at] ?? '') }
  }
  return missing()
}
