/** One login shared by all calls: made when first needed, renewed once when the server forgot it, never tried again after a refusal. */

import type { Context } from '../../src/connector/contract.ts'
import { withCallScope } from '../../src/connector/egress/call-scope.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { HttpRequest, HttpResponse } from '../../src/connector/http.ts'
import { SharedCall } from '../../src/connector/shared-call.ts'
import { sessionLost } from './codes.ts'
import { parseAnswer, successOf, thing } from './envelope.ts'
import { ownFailure, vendorCodeOf } from './errors.ts'
import { type LoginUser, loginUser } from './records.ts'

export interface Credentials {
  readonly loginId: string
  readonly password: string
}

interface Login {
  readonly id: string
  readonly user: LoginUser
  /** Milliseconds since 1970. */
  readonly at: number
}

const header = 'bs-session-id'
const json = { 'content-type': 'application/json' }

export class Session {
  readonly #context: Context
  readonly #credentials: Credentials
  readonly #lifetime = new AbortController()
  #current: Login | null = null
  readonly #loggingIn = new SharedCall((signal) => this.#login(signal))
  readonly #watchers = new Set<() => void>()
  #refusal: { readonly error: ConnectorError; readonly until: number } | null = null

  constructor(context: Context, credentials: Credentials) {
    this.#context = context
    this.#credentials = credentials
  }

  /**
   * Sends a request with a live session. A dead one (any HTTP 401, or code 10 or 11) is replaced and the request repeated,
   * once: a 401 may be the server's answer to the request itself (release notes 2.9.4, 2.9.6), and must not become a loop.
   */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const login = await this.#ready(signal)
    const answer = await this.#send(request, login, signal)
    if (!isDead(answer)) return answer
    if (this.#current === login) this.#replace(null)
    return this.#send(request, await this.#ready(signal), signal)
  }

  /**
   * What the server said about our own user at a login that is no older than so. The session of an older one is left to the
   * server's idle time-out, since other requests may be on their way with it.
   */
  async user(signal: AbortSignal, maxAgeMs = Number.POSITIVE_INFINITY): Promise<LoginUser> {
    const login = await this.#ready(signal)
    if (Math.abs(this.#context.now().getTime() - login.at) < maxAgeMs) return login.user
    this.#refuseAgain()
    return (await this.#loggingIn.join(signal)).user
  }

  /** The id of the live session; logs in where there is none. For what is bound to one: see `onChange`. */
  async id(signal: AbortSignal): Promise<string> {
    return (await this.#ready(signal)).id
  }

  /** Calls back each time that another session takes the place of the one before, or it is gone; returns what ends that. */
  onChange(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Our own user id as far as it is known without a call. */
  get ownUserId(): string | null {
    return this.#current?.user.user_id ?? null
  }

  /** Logs out where there is a session; a failure to do so is only logged, since the server drops idle sessions itself. */
  async close(): Promise<void> {
    this.#lifetime.abort(ownFailure('transient', 'biostar2.closed', 'The connection was closed.'))
    const login = this.#current
    this.#replace(null)
    if (login === null) return
    try {
      successOf(
        await this.#send(
          { method: 'POST', path: '/api/logout', route: '/api/logout' },
          login,
          new AbortController().signal,
        ),
      )
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      this.#context.log('warn', 'session.logout-failed', { code: error.code as `${string}.${string}` })
    }
  }

  #replace(login: Login | null): void {
    this.#current = login
    for (const changed of [...this.#watchers]) changed()
  }

  #send(request: HttpRequest, login: Login, signal: AbortSignal): Promise<HttpResponse> {
    const headers = { ...(request.body === undefined ? {} : json), ...request.headers, [header]: login.id }
    return this.#context.http.request({ ...request, headers }, signal)
  }

  async #ready(signal: AbortSignal): Promise<Login> {
    this.#lifetime.signal.throwIfAborted()
    if (this.#current !== null) return this.#current
    this.#refuseAgain()
    return this.#loggingIn.join(signal)
  }

  #refuseAgain(): void {
    if (this.#refusal === null) return
    const { error, until } = this.#refusal
    const restMs = until - this.#context.now().getTime()
    if (restMs <= 0) {
      this.#refusal = null
      return
    }
    if (error.kind !== 'throttled') throw error
    throw new ConnectorError({
      kind: 'throttled',
      code: error.code,
      retryAfterMs: restMs,
      ...(error.hint ? { hint: error.hint } : {}),
    })
  }

  async #login(signal: AbortSignal): Promise<Login> {
    const body = JSON.stringify({ User: { login_id: this.#credentials.loginId, password: this.#credentials.password } })
    const request = { method: 'POST', path: '/api/login', route: '/api/login', headers: json, body } as const
    // A lock-out may be waiting for it, whoever asked first.
    const { result: response } = await withCallScope({ lane: 'urgent' }, () =>
      this.#context.http.request(request, AbortSignal.any([signal, this.#lifetime.signal])),
    )
    const login = this.#read(response)
    this.#lifetime.signal.throwIfAborted()
    this.#replace(login)
    return login
  }

  #read(response: HttpResponse): Login {
    try {
      const user = thing(successOf(response), 'User', loginUser)
      const id = response.headers[header]
      if (typeof id === 'string' && id !== '') return { id, user, at: this.#context.now().getTime() }
      throw ownFailure('transient', 'biostar2.unexpected-answer', 'The login succeeded without giving a session.')
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      throw this.#remember(error, response.status)
    }
  }

  #remember(error: ConnectorError, status: number): ConnectorError {
    if (error.kind === 'throttled') {
      this.#refusal = { error, until: this.#context.now().getTime() + (error.retryAfterMs ?? 0) }
      return error
    }
    if (!isRefused(error, status)) return error
    const refusal = error.kind === 'unauthenticated' ? error : asRefusedLogin(error)
    this.#refusal = { error: refusal, until: Number.POSITIVE_INFINITY }
    return refusal
  }
}

/**
 * Whether the server itself said no. A passing fault must not count as that, since it would stop every lock-out until a person acts: a
 * server that starts answers with a code that is listed as passing, and the web server in front of it with a page of its own. A code
 * that nobody lists, with 4xx, is taken for a no: our account is never hammered.
 */
function isRefused(error: ConnectorError, status: number): boolean {
  if (error.kind === 'unauthenticated' || error.kind === 'rejected') return true
  if (status < 400 || status >= 500 || vendorCodeOf(error) === undefined) return false
  return error.code === sessionLost.code || error.code === 'biostar2.unlisted-code'
}

function asRefusedLogin(error: ConnectorError): ConnectorError {
  return new ConnectorError({
    kind: 'unauthenticated',
    code: 'biostar2.login-refused',
    hint: `The login was refused (${error.code}). Check the service account, then reconnect.`,
    ...(error.vendorText === undefined ? {} : { vendorText: error.vendorText }),
  })
}

function isDead(answer: HttpResponse): boolean {
  if (answer.status === 401) return true
  // Large answers are never errors, and parsing them twice would cost.
  if (answer.status < 400 && answer.text.length > 4096) return false
  const { code } = parseAnswer(answer)
  return code === '10' || code === '11'
}
