/** The HTTP API of a gateway: every route checked, limited, described and answered in one way. */
import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import { secureHeaders } from 'hono/secure-headers'
import type { Log } from '../telemetry/log.ts'
import type { ServedRequest } from '../telemetry/metrics.ts'
import type { Acts } from './acts.ts'
import type { Api, ApiEnv } from './env.ts'
import { type Authenticate, knownHost, needsToken, type RateLimit } from './gate.ts'
import { answer, Problem, problemHandler, refuseInvalid } from './problem.ts'
import { addAlarms } from './rest/alarms.ts'
import { addArchives } from './rest/archives.ts'
import { addAttendance } from './rest/attendance.ts'
import { addBackup } from './rest/backup.ts'
import { addCards } from './rest/cards.ts'
import { addConfiguration } from './rest/configuration.ts'
import { addErasures } from './rest/erasures.ts'
import { addEvents } from './rest/events.ts'
import { addFailures } from './rest/failures.ts'
import { addFrozen } from './rest/frozen.ts'
import { addGrants } from './rest/grants.ts'
import { addKeys } from './rest/keys.ts'
import { addLockouts } from './rest/lockouts.ts'
import { addMatches } from './rest/matches.ts'
import { addDescription, addOperations } from './rest/operations.ts'
import { addPeople } from './rest/people.ts'
import { addPins } from './rest/pins.ts'
import { addPlans } from './rest/plans.ts'
import { addRecords } from './rest/records.ts'
import { addStatus } from './rest/status.ts'
import { addSubscriptions } from './rest/subscriptions.ts'
import { addSuspensions } from './rest/suspensions.ts'
import { addTargets } from './rest/targets.ts'
import { addTokens } from './rest/tokens.ts'

export interface ApiLimits {
  readonly bodyBytesMax: number
  readonly rate: RateLimit
}

export const defaultLimits: ApiLimits = { bodyBytesMax: 64 * 1024, rate: { burst: 200, perSecond: 50 } }

export interface ApiOptions {
  readonly acts: Acts
  readonly authenticate: Authenticate
  readonly log: Log
  readonly limits?: ApiLimits
  /** Host names that requests may carry; null (the default): any. See `allowedHosts`. */
  readonly hosts?: readonly string[] | null
  /** Told about every request that was answered. */
  readonly observe?: (request: ServedRequest) => void
}

/** Paths below `/v1` and `/metrics` need a token; the others tell nothing. */
export function createApp(options: ApiOptions): Api {
  const { acts, authenticate, log, limits = defaultLimits, hosts = null, observe } = options
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid })
  api.onError(problemHandler(log))
  api.notFound((c) => answer(c, new Problem(404, 'api.no-such-path', 'There is nothing here.')))

  api.use(async function dressed(c, next) {
    const begun = performance.now()
    c.set('requestId', randomUUID())
    c.header('x-request-id', c.get('requestId'))
    c.header('cache-control', 'no-store')
    await next()
    const tookMs = performance.now() - begun
    observe?.({ method: c.req.method, route: routeOf(matchedRoutes(c)), status: c.res.status, tookMs })
  })
  api.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: 'DENY',
    }),
  )
  api.use(knownHost(hosts))
  const withToken = needsToken(authenticate, limits.rate, log)
  api.use('/v1/*', withToken)
  api.use('/metrics', withToken)
  api.use(
    bodyLimit({
      maxSize: limits.bodyBytesMax,
      onError: () => {
        throw new Problem(413, 'api.too-large', `A body has at most ${limits.bodyBytesMax} bytes.`)
      },
    }),
  )
  addOperations(api, acts)
  addStatus(api, acts)
  addPlans(api, acts)
  addConfiguration(api, acts)
  addPeople(api, acts)
  addCards(api, acts)
  addGrants(api, acts)
  addPins(api, acts)
  addTargets(api, acts)
  addLockouts(api, acts, log)
  addMatches(api, acts)
  addRecords(api, acts, log)
  addAlarms(api, acts)
  addSubscriptions(api, acts, log)
  addAttendance(api, acts, log)
  addFailures(api, acts)
  addFrozen(api, acts)
  addSuspensions(api, acts)
  addArchives(api, acts, log)
  addBackup(api, acts, log)
  addErasures(api, acts)
  addEvents(api, acts, authenticate, log)
  addKeys(api, acts)
  addTokens(api, acts)
  addDescription(api)
  return api
}

// The pattern, not the path: a path holds ids. Middleware matches with a star, so what has none is the route.
function routeOf(matched: readonly { readonly path: string }[]): string {
  return matched.findLast(({ path }) => !path.includes('*'))?.path ?? 'none'
}
