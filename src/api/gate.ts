/** What a request must pass before any act: a known host name, a live token, a share of the rate, and the right role. */
import type { Context, MiddlewareHandler } from 'hono'
import { type Actor, holdsRole, type Role, type Side, wayTo } from '../auth/actor.ts'
import { AuthError } from '../auth/auth-error.ts'
import { type Bucket, createBucket } from '../auth/bucket.ts'
import { failureFields } from '../model/failure-fields.ts'
import type { Log } from '../telemetry/log.ts'
import type { ApiEnv } from './env.ts'
import { hostName } from './listen.ts'
import { Problem } from './problem.ts'

export type Authenticate = (bearer: string) => Promise<Actor | null>

/** `hosts` null: any name. Wrong ones get 421 (RFC 9110, section 15.5.20). */
export function knownHost(hosts: readonly string[] | null): MiddlewareHandler<ApiEnv> {
  return async function knownHost(c, next) {
    const name = hostName(c.req.header('host') ?? new URL(c.req.url).host)
    if (hosts !== null && (name === null || !hosts.includes(name))) {
      throw new Problem(421, 'api.unknown-host', 'This host name is not one of this gateway.')
    }
    await next()
  }
}

export interface RateLimit {
  /** Requests of one subject: so many at once, then so many per second. */
  readonly burst: number
  readonly perSecond: number
}

/** Only the header counts: a token in a URL would end up in logs (RFC 6750, section 5.3). */
export function needsToken(authenticate: Authenticate, rate: RateLimit, log: Log): MiddlewareHandler<ApiEnv> {
  // As many as there are subjects, whom only an admin makes.
  const buckets = new Map<string, Bucket>()
  return async function needsToken(c, next) {
    const actor = await identify(c, authenticate, log)
    const bucket = buckets.get(actor.subject) ?? createBucket(rate.burst, rate.perSecond)
    buckets.set(actor.subject, bucket)
    if (!bucket.take()) {
      const headers = { 'retry-after': String(bucket.waitSeconds()) }
      throw new Problem(429, 'api.too-many-requests', 'Too many requests of this subject.', { headers })
    }
    c.set('actor', actor)
    await next()
  }
}

async function identify(c: Context<ApiEnv>, authenticate: Authenticate, log: Log): Promise<Actor> {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (bearer === undefined) throw unauthenticated('api.no-token', 'This needs a token: Authorization: Bearer <token>.')
  let actor: Actor | null
  try {
    actor = await authenticate(bearer)
  } catch (error) {
    if (error instanceof AuthError) throw error
    log.error(
      { event: 'api.no-authentication', request: c.get('requestId'), ...failureFields(error) },
      'tokens can not be checked',
    )
    throw new Problem(503, 'api.unavailable', 'Tokens can not be checked at the moment.', {
      headers: { 'retry-after': '5' },
    })
  }
  if (actor === null) throw unauthenticated('api.bad-token', 'This token opens nothing.', ', error="invalid_token"')
  return actor
}

// RFC 6750, section 3: without a token the challenge names no error.
function unauthenticated(code: string, detail: string, error = ''): Problem {
  return new Problem(401, code, detail, { headers: { 'www-authenticate': `Bearer realm="gatehouse"${error}` } })
}

export function needsRole(role: Role): MiddlewareHandler<ApiEnv> {
  return async function needsRole(c, next) {
    refuseUnless(holdsRole(actorOf(c), role), `This needs the role ${role}.`)
    await next()
  }
}

/** Who reads this side, and an admin, of whom the act asks for a reason. */
export function needsSide(side: Side): MiddlewareHandler<ApiEnv> {
  return async function needsSide(c, next) {
    refuseUnless(wayTo(side, actorOf(c)) !== null, `This needs the role ${side}, or an admin with a reason.`)
    await next()
  }
}

function actorOf(c: Context<ApiEnv>): Actor {
  const actor: Actor | undefined = c.get('actor')
  if (actor === undefined) throw new Error('a route that needs a role lies outside the paths that need a token')
  return actor
}

function refuseUnless(isAllowed: boolean, detail: string): void {
  if (isAllowed) return
  const headers = { 'www-authenticate': 'Bearer realm="gatehouse", error="insufficient_scope"' }
  throw new Problem(403, 'api.forbidden', detail, { headers })
}
