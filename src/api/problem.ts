/** Every error as a problem document (RFC 9457): a stable code for programs, a sentence for people, and no inner text. */
import { STATUS_CODES } from 'node:http'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AuthError, type AuthErrorCode } from '../auth/auth-error.ts'
import { failureFields } from '../model/failure-fields.ts'
import { Refusal, type RefusalKind } from '../model/refusal.ts'
import type { Log } from '../telemetry/log.ts'
import { ActError } from './acts/act-error.ts'
import type { ApiEnv } from './env.ts'

export const problemDocument = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().meta({ description: 'The words of the HTTP status.' }),
    status: z.int(),
    code: z.string().meta({ description: 'Stable: what a program decides by.', examples: ['plan.not-held'] }),
    detail: z.string().meta({ description: 'For people; may change.' }),
    instance: z.string().meta({ description: 'Names this one occurrence; the log has it as `request`.' }),
    errors: z
      .array(z.strictObject({ in: z.string(), path: z.string(), message: z.string() }))
      .meta({ description: 'What is wrong with the request, field by field.' })
      .optional(),
  })
  .openapi('Problem')
export type ProblemDocument = z.output<typeof problemDocument>

/** Thrown by the API's own checks. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  readonly errors: ProblemDocument['errors']

  constructor(
    status: ContentfulStatusCode,
    code: string,
    detail: string,
    more: { readonly headers?: Readonly<Record<string, string>>; readonly errors?: ProblemDocument['errors'] } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = more.headers ?? {}
    this.errors = more.errors
  }
}

const statusOfAuthError: Record<AuthErrorCode, ContentfulStatusCode> = {
  'auth.bad-name': 400,
  'auth.bad-days': 400,
  'auth.role-differs': 409,
  'auth.subject-disabled': 409,
  'auth.row-forged': 409,
  'auth.unknown-subject': 404,
  'auth.unknown-token': 404,
  'auth.too-many-attempts': 429,
}

const statusOfRefusal: Record<RefusalKind, ContentfulStatusCode> = { unknown: 404, state: 409, invalid: 400 }

// What the framework's validators refuse before a schema is asked; their words are not ours to promise.
const refusals: Partial<Record<number, { readonly code: string; readonly detail: string }>> = {
  400: { code: 'api.malformed', detail: 'The body is not JSON.' },
  415: { code: 'api.not-json', detail: 'The body must be application/json.' },
}

/** For `app.onError`: whatever was thrown becomes a problem document, and what nobody foresaw is logged without its words. */
export function problemHandler(log: Log): (error: Error, c: Context<ApiEnv>) => Response {
  return (error, c) => answer(c, toProblem(error) ?? unforeseen(error, c, log))
}

export function answer(c: Context<ApiEnv>, problem: Problem): Response {
  const { status, code, message, headers, errors } = problem
  const body: ProblemDocument = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    instance: `urn:uuid:${c.get('requestId')}`,
    ...(errors === undefined ? {} : { errors }),
  }
  return c.body(JSON.stringify(body), status, { ...headers, 'content-type': 'application/problem+json' })
}

function toProblem(error: Error): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof ActError) return new Problem(error.status, error.code, error.message)
  if (error instanceof Refusal) return new Problem(statusOfRefusal[error.kind], error.code, error.message)
  if (error instanceof AuthError) {
    const status = statusOfAuthError[error.code]
    return new Problem(status, error.code, error.message, status === 429 ? { headers: { 'retry-after': '2' } } : {})
  }
  const refusal = error instanceof HTTPException ? refusals[error.status] : undefined
  if (error instanceof HTTPException && refusal !== undefined) {
    return new Problem(error.status as ContentfulStatusCode, refusal.code, refusal.detail)
  }
  return undefined
}

function unforeseen(error: Error, c: Context<ApiEnv>, log: Log): Problem {
  log.error({ event: 'api.failed', request: c.get('requestId'), ...failureFields(error) }, 'a request failed')
  return new Problem(500, 'api.failed', 'Something went wrong here; the log has it under this instance.')
}

/** For `defaultHook`: says which fields are wrong and why, not what they held. */
export function refuseInvalid(result: {
  success: boolean
  target: string
  error?: { issues: readonly { path: PropertyKey[]; message: string }[] }
}): void {
  if (result.success) return
  const errors = (result.error?.issues ?? []).map(({ path, message }) => ({
    in: result.target === 'json' ? 'body' : result.target,
    path: path.map(String).join('.'),
    message,
  }))
  throw new Problem(400, 'api.invalid', 'The request does not fit its description.', { errors })
}
