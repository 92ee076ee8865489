/** Runs one request against the simulated server and writes its answer; knows nothing of sockets, time or faults. */
import { type Fields, serialise } from './dialects.ts'
import { type Dialect, Refusal, responseObject } from './envelope.ts'
import { mayUse } from './operator-level.ts'
import type { RequestEntry } from './request-log.ts'
import type { Answer, Call } from './route.ts'
import type { Router } from './routes.ts'
import type { Simulation } from './simulation.ts'
import { administratorId } from './world.ts'

export interface Request {
  method: string
  path: string
  query: string
  /** undefined when the body was no JSON, null when there was none. */
  body: unknown
  sessionId: string
  remoteAddress: string
}

export interface Reply {
  status: number
  code: string | null
  headers: Record<string, string>
  body: string
}

// Some of the headers of the vendor's samples (API collection, bs2api.biostar2.com).
const usualHeaders = {
  'content-type': 'application/json;charset=UTF-8',
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  'x-frame-options': 'SAMEORIGIN',
}

export function execute(simulation: Simulation, router: Router, request: Request, entry: RequestEntry): Reply {
  const dialect: Dialect = request.path.startsWith('/api/v2/') ? 'v2' : 'v1'
  const { emptyLists } = simulation.quirks
  try {
    const answer = run(simulation, router, request, entry)
    const code = answer.code ?? '0'
    const response: Fields = answer.brief ? { code } : { ...responseObject(code, dialect) }
    const body = answer.plain ? (answer.body ?? {}) : { ...answer.body, Response: response }
    const headers = { ...usualHeaders, ...answer.headers }
    return { status: answer.status ?? 200, code, headers, body: serialise(body, dialect, emptyLists) }
  } catch (error) {
    if (error instanceof Refusal) return refused(error, dialect)
    throw error
  }
}

export function refused(refusal: Refusal, dialect: Dialect, message?: string): Reply {
  const response = responseObject(refusal.code, refusal.bare ? 'v2' : dialect, message)
  return {
    status: refusal.status,
    code: refusal.code,
    headers: refusal.closes ? { ...usualHeaders, connection: 'close' } : usualHeaders,
    body: JSON.stringify(refusal.bare ? response : { Response: response }),
  }
}

function run(simulation: Simulation, router: Router, request: Request, entry: RequestEntry): Answer {
  // "No trailing slash" is in the list of errors of nearly every operation of the API collection.
  if (request.path.length > 1 && request.path.endsWith('/')) throw new Refusal('103')
  const found = router(request.method, request.path)
  if (!found) throw new Refusal('103', { status: 404 })
  const { route, id } = found
  const { sessions, world, quirks } = simulation
  const { needs } = route
  const caller = needs === 'nothing' ? world.user(administratorId) : sessions.require(request.sessionId)
  if (typeof needs === 'object' && !mayUse(caller, quirks, needs.module, needs.use))
    throw new Refusal('20', { status: 403 })
  if (request.body === undefined) throw new Refusal('700')
  const call: Call = {
    simulation,
    id,
    query: new URLSearchParams(request.query),
    body: request.body ?? {},
    caller,
    sessionId: request.sessionId,
    remoteAddress: request.remoteAddress,
    touch: (userIds) => {
      entry.users = entry.users.length === 0 ? userIds : [...new Set([...entry.users, ...userIds])]
    },
    reveals: (fields) => {
      entry.biometricsRead = fields
    },
  }
  return simulation.audit.as({ operator: caller.id, ip: request.remoteAddress }, () => route.handle(call))
}
