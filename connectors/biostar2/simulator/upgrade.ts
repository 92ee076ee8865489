/** Opens the live socket `/wsapi`: the request that asks for it, the session id that comes as plain text, and its answer. */
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Gate } from '../../simulator-parts/gate.ts'
import type { Fault, Faults } from './faults.ts'
import { splitUrl } from './input.ts'
import { freeze, type LiveSocket } from './live-feed.ts'
import type { RequestEntry, RequestLog } from './request-log.ts'
import type { Simulation } from './simulation.ts'

interface UpgradeParts {
  simulation: Simulation
  gate: Gate
  faults: Faults
  log: RequestLog
}

const socketPath = '/wsapi'
const greeting = /^bs-session-id=(.+)$/

/** Takes every upgrade of this server from here on. */
export function serveSockets(parts: UpgradeParts, https: Server): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  https.on('upgrade', (request, socket, head) => {
    // A client that hangs up: its own business.
    socket.on('error', () => socket.destroy())
    void admit(parts, request, socket, (taken) => sockets.handleUpgrade(request, socket, head, taken))
  })
}

async function admit(
  parts: UpgradeParts,
  request: IncomingMessage,
  stream: Duplex,
  upgrade: (taken: (socket: WebSocket) => void) => void,
): Promise<void> {
  const { simulation, faults, gate, log } = parts
  const { path, query } = splitUrl(request.url ?? '/')
  const entry = log.open('GET', path, query, simulation.clock.now())
  const { extraMs, fault } = faults.judge({ method: 'GET', path })
  entry.fault = fault?.kind ?? null
  const startedMs = performance.now()
  await gate.pass(extraMs)
  entry.durationMs = performance.now() - startedMs
  if (fault?.kind === 'session-expiry') simulation.sessions.dropAll()
  const status = statusOf(fault) ?? refusalOf(simulation, request, path, new URLSearchParams(query))
  if (status === 'silence') return
  if (status === 'cut') stream.destroy()
  else if (status !== null) refuse(stream, entry, status)
  else {
    entry.status = 101
    upgrade((socket) => greet(parts, socket))
  }
}

/** What a fault makes of the request; null when it has no say. */
function statusOf(fault: Fault | null): number | 'cut' | 'silence' | null {
  switch (fault?.kind) {
    case 'http':
      return fault.status ?? 500
    case 'maintenance':
      return 503
    case 'throttle':
      return 429
    case 'licence':
      return 403
    case 'full':
      return 400
    case 'hang':
      return 'silence'
    case 'drop':
    case 'drop-after':
    case 'late-write':
      return 'cut'
    default:
      return null
  }
}

/**
 * HTTP status of a refusal, null for none. The path is known from clients alone; the two settings and what they mean are
 * documented, neither what they answer nor how the request names its session: here as a header, cookie or parameter.
 */
function refusalOf(
  { settings, quirks, sessions }: Simulation,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): number | null {
  if (path !== socketPath) return 404
  const { origin, cookie } = request.headers
  const allowed = settings.websocket_cors.split(/[\s,]+/)
  const isStranger = origin === undefined ? quirks.socketNeedsOrigin : !allowed.includes(origin)
  if (!allowed.includes('*') && isStranger) return 403
  if (!settings.enable_websocket_connection_bsSessionId) return null
  const inCookie = /(?:^|;\s*)bs-session-id=([^;]+)/.exec(cookie ?? '')?.[1]
  const sessionId = request.headers['bs-session-id'] ?? inCookie ?? query.get('bs-session-id') ?? ''
  return sessions.isAlive(String(sessionId)) ? null : 401
}

function refuse(stream: Duplex, entry: RequestEntry, status: number): void {
  entry.status = status
  stream.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

/** Waits for the session id, which may come more than once, and answers each. Whatever else is said is refused with 1100. */
function greet(parts: UpgradeParts, socket: WebSocket): void {
  const { feed, quirks } = parts.simulation
  const live = feed.add(socket)
  // What the client does wrong on the wire ends its socket and nothing else.
  socket.on('error', () => socket.terminate())
  if (parts.faults.judge({ method: 'SOCKET', path: socketPath }).fault?.kind === 'socket-frozen') freeze(live)
  socket.on('message', (data: RawData) => {
    const sessionId = greeting.exec(data.toString())?.[1] ?? null
    setTimeout(() => bind(parts, live, sessionId), quirks.handshakeMs).unref()
  })
}

function bind({ simulation, faults }: UpgradeParts, live: LiveSocket, sessionId: string | null): void {
  const { fault } = faults.judge({ method: 'GREETING', path: socketPath })
  const refused = fault?.kind === 'socket-refused' ? (fault.code ?? '1100') : null
  // 1100 is "socket not found" and 1101 "bad session in socket"; which one the server says when is not published.
  const known = sessionId === null ? '1100' : simulation.sessions.isAlive(sessionId) ? '0' : '1101'
  const code = refused ?? known
  if (code === '0') {
    live.stage = 'bound'
    live.sessionId = sessionId
  }
  if (live.socket.readyState === live.socket.OPEN) live.socket.send(JSON.stringify({ Response: { code } }))
}
