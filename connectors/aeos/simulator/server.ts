/** The HTTPS listener: takes requests, asks for the login, makes them wait, lets faults strike, and keeps the record. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { readBody } from '../../simulator-parts/body.ts'
import type { Certificate } from '../../simulator-parts/certificate.ts'
import type { Gate } from '../../simulator-parts/gate.ts'
import { type Line, openLine } from '../../simulator-parts/line.ts'
import { applicationFault, execute, type Reply, stackFault } from './execute.ts'
import type { Fault, Faults } from './faults.ts'
import { readLogin, userOf } from './login.ts'
import type { SystemUser } from './model.ts'
import { operationsByRoot } from './operations.ts'
import type { RequestEntry, RequestLog } from './request-log.ts'
import type { Simulation } from './simulation.ts'
import { wsdlOf } from './wsdl.ts'
import { schemaOf } from './xsd.ts'

interface ServerParts {
  simulation: Simulation
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

export interface Listener extends Pick<Line, 'port' | 'close'> {
  /** New connections see this certificate; those that stand are cut. */
  setCertificate(certificate: Certificate): void
}

const servicePath = '/aeosws'

export async function listen(parts: ServerParts): Promise<Listener> {
  const { simulation, faults, certificate, underWay } = parts
  const https: Server = createServer({ key: certificate.key, cert: certificate.cert, ALPNProtocols: ['http/1.1'] })
  https.keepAliveTimeout = simulation.options.keepAliveMs
  https.on('request', (request, response) => void serve(parts, line.port, request, response))
  const line = await openLine(https, faults, simulation.options.port)
  return {
    port: line.port,
    setCertificate({ key, cert }) {
      https.setSecureContext({ key, cert })
      line.cut()
    },
    close() {
      for (const one of underWay) if ('callOff' in one) one.callOff()
      underWay.clear()
      return line.close()
    },
  }
}

/** What of a request decides how it goes on. */
interface Asked {
  method: string
  path: string
  query: string
  message: Buffer
  contentType: string
  action: string
  user: SystemUser | null
  port: number
}

async function serve(
  parts: ServerParts,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { simulation, faults, gate, log } = parts
  const startedMs = performance.now()
  const message = await readBody(request)
  if (message === null) {
    response.destroy()
    return
  }
  const [path = '', query = ''] = (request.url ?? '/').split('?')
  const login = readLogin(request.headers.authorization)
  const asked: Asked = {
    method: request.method ?? 'GET',
    path,
    query,
    message,
    contentType: request.headers['content-type'] ?? '',
    action: String(request.headers.soapaction ?? ''),
    user: userOf(simulation.users, login),
    port,
  }
  const { name, changes } = describe(asked)
  const entry = log.open(name, changes, login?.username ?? '', simulation.clock.now())
  log.noteMessage(message)
  if (faults.line() === 'half-open') return
  const { extraMs, fault } = faults.judge(name)
  entry.fault = fault?.kind ?? null
  parts.underWay.add(entry)
  await gate.pass(extraMs)
  const reply = decide(parts, asked, entry, fault)
  parts.underWay.delete(entry)
  entry.durationMs = performance.now() - startedMs
  if (reply === 'cut') response.destroy()
  else if (reply !== 'silence') send(response, entry, reply)
}

function send(response: ServerResponse, entry: RequestEntry, reply: Reply): void {
  entry.status = reply.status
  entry.faultCode = reply.faultCode
  response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) })
  response.end(reply.body)
}

/** A quick look for the record and for faults; what really is in the message is read when it is carried out. */
function describe({ method, query, message }: Asked): { name: string; changes: boolean } {
  if (method !== 'POST') return { name: `?${query}`, changes: false }
  const root = /Body[^<>]*>\s*<(?:[\w-]+:)?(\w+)/.exec(message.toString('latin1', 0, 4096))?.[1] ?? ''
  const operation = operationsByRoot.get(root)
  return { name: operation?.name ?? root, changes: operation?.changes ?? false }
}

function decide(parts: ServerParts, asked: Asked, entry: RequestEntry, fault: Fault | null): Reply | 'cut' | 'silence' {
  const act = () => safely(parts, asked, entry)
  switch (fault?.kind) {
    case 'fault':
      return applicationFault(fault.code ?? 990, fault.message ?? 'System error')
    case 'http':
      return page(fault.status ?? 500, 'Error')
    case 'unauthenticated':
      return unauthenticated
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
    case 'garbled': {
      const reply = act()
      return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) }
    }
    case 'maintenance':
      return page(503, 'Service Temporarily Unavailable', fault.retryAfterSeconds)
    case 'throttle':
      return page(429, 'Too Many Requests', fault.retryAfterSeconds ?? 1)
    default:
      return act()
  }
}

/** A fault of the simulator itself must not look like one of AEOS's: it is named in the answer. */
function safely(parts: ServerParts, asked: Asked, entry: RequestEntry): Reply {
  try {
    return answer(parts, asked, entry)
  } catch (error) {
    const body = JSON.stringify({ simulatorFault: error instanceof Error ? error.stack : String(error) })
    return { status: 500, headers: { 'content-type': 'application/json' }, body, faultCode: null }
  }
}

function answer({ simulation }: ServerParts, asked: Asked, entry: RequestEntry): Reply {
  const { method, path, query, message, contentType, action, user, port } = asked
  if (path !== servicePath) return page(404, 'Not Found')
  const isDescription = method === 'GET' && (query === 'wsdl' || query === 'xsd')
  if (user === null && !(isDescription && !simulation.quirks.wsdlNeedsLogin)) return unauthenticated
  if (isDescription) return description(simulation, query, port)
  if (method !== 'POST' || user === null) return page(405, 'Method Not Allowed')
  if (!/^text\/xml\b/i.test(contentType)) return page(415, 'Unsupported Media Type')
  if (action !== '' && action !== '""') {
    return stackFault('Client', `The given SOAPAction ${action} does not match an operation.`)
  }
  return execute(simulation, user, message, entry)
}

function description({ options, quirks }: Simulation, query: string, port: number): Reply {
  const { snapshot } = options
  const text =
    query === 'wsdl' ? wsdlOf(snapshot, `https://${quirks.wsdlHost}:${port}${servicePath}`) : schemaOf(snapshot)
  return { status: 200, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body: text, faultCode: null }
}

const unauthenticated: Reply = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="aeosws"' },
  body: '',
  faultCode: null,
}

/** What a web server in front of the service answers: HTML, no SOAP. */
function page(status: number, title: string, retryAfterSeconds?: number): Reply {
  const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  const body = `<html><head><title>${status} ${title}</title></head><body><h1>${status} ${title}</h1></body></html>\n`
  return { status, headers: { 'content-type': 'text/html', ...retry }, body, faultCode: null }
}
