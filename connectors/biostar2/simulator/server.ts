/** The HTTPS listener: takes requests, makes them wait, lets faults strike, and keeps the record. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { readBody } from '../../simulator-parts/body.ts'
import type { Certificate } from '../../simulator-parts/certificate.ts'
import type { Gate } from '../../simulator-parts/gate.ts'
import { type Line, openLine } from '../../simulator-parts/line.ts'
import { Refusal } from './envelope.ts'
import { execute, type Reply, type Request, refused } from './execute.ts'
import type { Fault, Faults } from './faults.ts'
import { splitUrl } from './input.ts'
import type { RequestEntry, RequestLog } from './request-log.ts'
import type { Router } from './routes.ts'
import type { Simulation } from './simulation.ts'
import { serveSockets } from './upgrade.ts'

interface ServerParts {
  simulation: Simulation
  router: Router
  gate: Gate
  faults: Faults
  log: RequestLog
  certificate: Certificate
  /** What may still be carried out: requests being served, and late writes. */
  underWay: Set<RequestEntry | LateWrite>
}

/** A write whose client was cut off. */
export interface LateWrite {
  callOff(): void
}

export async function listen(parts: ServerParts): Promise<Pick<Line, 'port' | 'close'>> {
  const { simulation, faults, certificate, underWay } = parts
  const https = createHttpsServer({ key: certificate.key, cert: certificate.cert, ALPNProtocols: ['http/1.1'] })
  https.keepAliveTimeout = simulation.options.keepAliveMs
  https.on('request', (request, response) => void serve(parts, request, response))
  serveSockets(parts, https)
  const line = await openLine(https, faults, simulation.options.port)
  return {
    port: line.port,
    close() {
      for (const one of underWay) if ('callOff' in one) one.callOff()
      underWay.clear()
      return line.close()
    },
  }
}

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { simulation, faults, gate, log } = parts
  const startedMs = performance.now()
  const { path, query } = splitUrl(request.url ?? '/')
  const method = request.method ?? 'GET'
  const entry = log.open(method, path, query, simulation.clock.now())
  const raw = await readBody(request)
  if (raw === null) {
    response.destroy()
    return
  }
  const wanted: Request = {
    method,
    path,
    query,
    body: parse(raw),
    sessionId: headerText(request.headers['bs-session-id']),
    remoteAddress: request.socket.remoteAddress ?? '',
  }
  log.noteBody(entry, raw, wanted.body)
  if (faults.line() === 'half-open') return
  const { extraMs, fault } = faults.judge({ method, path })
  entry.fault = fault?.kind ?? null
  parts.underWay.add(entry)
  await gate.pass(extraMs)
  const reply = decide(parts, wanted, entry, fault)
  parts.underWay.delete(entry)
  entry.durationMs = performance.now() - startedMs
  if (reply === 'cut') response.destroy()
  else if (reply !== 'silence') {
    entry.status = reply.status
    entry.code = reply.code
    response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) })
    response.end(reply.body)
  }
}

function decide(
  parts: ServerParts,
  wanted: Request,
  entry: RequestEntry,
  fault: Fault | null,
): Reply | 'cut' | 'silence' {
  const act = () => safely(parts, wanted, entry)
  if (fault === null && wanted.method === 'POST' && wanted.path === '/api/login') return refusedLogin(parts) ?? act()
  switch (fault?.kind) {
    case 'drop':
      return 'cut'
    case 'hang':
      return 'silence'
    case 'drop-after':
      act()
      return 'cut'
    case 'late-write': {
      const write: LateWrite = { callOff: () => {} }
      parts.underWay.add(write)
      write.callOff = parts.simulation.clock.after(fault.delayMs ?? 1000, () => {
        parts.underWay.delete(write)
        act()
      })
      return 'cut'
    }
    case 'http':
      return refused(new Refusal(fault.code ?? '4', { status: fault.status ?? 500 }), 'v1', fault.message)
    case 'full':
      return refused(new Refusal(fault.code ?? '210'), 'v1', fault.message)
    case 'licence':
      return refused(new Refusal('331791', { status: 403, bare: true }), 'v2')
    case 'maintenance':
      return page(503, 'Service Temporarily Unavailable', fault.retryAfterSeconds)
    case 'throttle':
      return page(429, 'Too Many Requests', fault.retryAfterSeconds ?? 1)
    case 'session-expiry':
      parts.simulation.sessions.dropAll()
      return act()
    default:
      return act()
  }
}

/** What the quirk `loginFault` answers, which is used up that way; null when there is none. */
function refusedLogin({ simulation: { quirks } }: ServerParts): Reply | null {
  const { loginFault } = quirks
  if (loginFault === null || loginFault.times < 1) return null
  const { status, code, body, times } = loginFault
  quirks.loginFault = { ...loginFault, times: times - 1 }
  if (body === undefined) return refused(new Refusal(code ?? '4', { status }), 'v1')
  return { status, code: null, headers: { 'content-type': 'text/html' }, body }
}

/** A fault of the simulator itself must not look like one of BioStar's: it is named in the answer. */
function safely({ simulation, router }: ServerParts, wanted: Request, entry: RequestEntry): Reply {
  try {
    return execute(simulation, router, wanted, entry)
  } catch (error) {
    const body = JSON.stringify({ simulatorFault: error instanceof Error ? error.stack : String(error) })
    return { status: 500, code: null, headers: { 'content-type': 'application/json' }, body }
  }
}

/** What a web server in front of the API answers: HTML, no envelope. */
function page(status: number, title: string, retryAfterSeconds: number | undefined): Reply {
  const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  const body = `<html><head><title>${status} ${title}</title></head><body><h1>${status} ${title}</h1></body></html>\n`
  return { status, code: null, headers: { 'content-type': 'text/html', ...retry }, body }
}

/** undefined stands for a body that is no JSON, null for none. */
function parse(raw: Buffer): unknown {
  if (raw.length === 0) return null
  try {
    return JSON.parse(raw.toString('utf8')) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function headerText(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
