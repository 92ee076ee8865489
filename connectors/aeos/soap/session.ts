/** Every call to the server: with our credentials, proven once before anything else is sent, and never tried again after a refusal. */
import type { Context } from '../../../src/connector/contract.ts'
import { withCallScope } from '../../../src/connector/egress/call-scope.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../src/connector/http.ts'
import { SharedCall } from '../../../src/connector/shared-call.ts'
import { loginRefused } from './codes.ts'
import { failureOf, ofReading, ownFailure } from './errors.ts'
import { openSoap, type Soap, type Value } from './soap.ts'

const path = '/aeosws'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export class Session {
  readonly #context: Context
  readonly #authorization: string
  readonly #lifetime = new AbortController()
  readonly #proving = new SharedCall((signal) => this.#prove(signal))
  #version: unknown
  #refusal: ConnectorError | null = null

  constructor(context: Context, { username, password }: Credentials) {
    this.#context = context
    this.#authorization = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
  }

  /**
   * Carries out one operation, and gives what the root element of its answer holds: null where the body is empty.
   * @throws ConnectorError by the table of codes, besides those of the HTTP client.
   */
  async call(operation: string, value: Value, signal: AbortSignal): Promise<unknown> {
    await this.#ready(signal)
    return this.#exchange(operation, value, signal)
  }

  /** What getVersion answered when our credentials were first proven. */
  async version(signal: AbortSignal): Promise<unknown> {
    await this.#ready(signal)
    return this.#version
  }

  /** The server's own description of its service. */
  async description(signal: AbortSignal): Promise<HttpResponse> {
    await this.#ready(signal)
    return this.#send({ method: 'GET', path: `${path}?wsdl`, route: `${path}?wsdl` }, signal)
  }

  close(): void {
    this.#lifetime.abort(ownFailure('transient', 'aeos.closed', 'The connection was closed.'))
  }

  /** One call alone finds out whether our credentials are taken; others wait for it, so that a wrong password is tried once. */
  async #ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#lifetime.signal.throwIfAborted()
    if (this.#refusal !== null) throw this.#refusal
    if (this.#version === undefined) await this.#proving.join(signal)
  }

  async #prove(signal: AbortSignal): Promise<void> {
    // A lock-out may be waiting for it, whoever asked first.
    const { result } = await withCallScope({ lane: 'urgent' }, () =>
      this.#exchange('getVersion', '', AbortSignal.any([signal, this.#lifetime.signal])),
    )
    this.#version = result ?? {}
  }

  async #exchange(operation: string, value: Value, signal: AbortSignal): Promise<unknown> {
    const messages = await openSoap()
    const body = messages.write(operation, value)
    const isReading = /^(find|get)/.test(operation)
    try {
      const response = await this.#send({ method: 'POST', path, route: `${path}#${operation}`, body }, signal)
      return resultOf(messages, operation, response, !isReading)
    } catch (error) {
      throw isReading && error instanceof ConnectorError ? ofReading(error) : error
    }
  }

  async #send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const headers = {
      authorization: this.#authorization,
      ...(request.body === undefined ? {} : { 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' }),
    }
    const response = await this.#context.http.request({ ...request, headers }, signal)
    if (response.status === 401) this.#refusal ??= new ConnectorError(loginRefused)
    if (this.#refusal !== null && response.status === 401) throw this.#refusal
    return response
  }
}

function resultOf(messages: Soap, operation: string, response: HttpResponse, isWriting: boolean): unknown {
  const { status: httpStatus } = response
  const answer = messages.read(operation, response.text)
  if (answer.kind === 'result' && httpStatus < 400) return answer.value
  const fault = answer.kind === 'fault' ? answer : null
  const retryAfter = response.headers['retry-after']
  throw failureOf({
    code: fault?.code ?? null,
    httpStatus,
    // Our own schema errors and the container's faults have no code; no proxy writes a SOAP fault.
    mayBeDone: isWriting && fault === null && httpStatus !== 503,
    ...(fault === null || fault.text === '' ? {} : { vendorText: fault.text }),
    ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
  })
}
