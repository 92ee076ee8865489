/** Sends one request and reads its whole answer, and says of every failure whether the request may have been carried out. */
import type { Dispatcher } from 'undici'
import { ConnectorError, type ConnectorFailure } from '../errors.ts'
import type { HttpRequest, HttpResponse } from '../http.ts'

export interface SendLimits {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly responseBytesMax: number
}

/** Of an answer of which only the status is wanted: more than this costs a connection. */
const droppedBytesMax = 64 * 1024

/** @throws ConnectorError as `HttpClient.request` documents, or the signal's reason. Texts of undici or Node are never passed on. */
export function send(dispatcher: Dispatcher, request: HttpRequest, limits: SendLimits): Promise<HttpResponse> {
  const exchange = new Exchange(request, limits)
  try {
    dispatcher.dispatch(
      { method: request.method, path: request.path, headers: { ...request.headers }, body: request.body ?? null },
      exchange,
    )
  } catch (error) {
    exchange.onResponseError(null, error)
  }
  return exchange.done
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly done: Promise<HttpResponse>
  readonly #settle: { readonly resolve: (response: HttpResponse) => void; readonly reject: (reason: unknown) => void }
  readonly #request: HttpRequest
  readonly #limits: SendLimits
  readonly #timer: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #finished = false
  #bytes = 0
  #status = 0
  #headers: HttpResponse['headers'] = {}

  constructor(request: HttpRequest, limits: SendLimits) {
    this.#request = request
    this.#limits = limits
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
    this.done = promise
    this.#settle = { resolve, reject }
    this.#timer = setTimeout(
      () => this.#fail({ kind: 'transient', code: 'http.timeout', hint: 'no complete answer within the time limit' }),
      limits.timeoutMs,
    )
    limits.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  readonly #onAbort = (): void => this.#stop(this.#limits.signal.reason)

  // Called when a socket is ready, right before the first byte is written to it.
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#finished) controller.abort(new Error('nobody waits for this request any more'))
    else this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpResponse['headers']): void {
    if (status < 200) return
    if (status >= 300 && status < 400) {
      this.#fail({ kind: 'rejected', code: 'http.redirect', hint: 'the server sends us elsewhere: check the address' })
      return
    }
    this.#status = status
    this.#headers = headers
    if (this.#request.answer === 'status') return
    if (Number(headers['content-length']) > this.#limits.responseBytesMax) this.#tooLarge()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#finished) {
      if (this.#request.beforeText !== undefined) chunk.fill(0)
      return
    }
    this.#bytes += chunk.length
    if (this.#request.answer === 'status') {
      if (this.#bytes > droppedBytesMax) this.#cutOff()
      return
    }
    this.#chunks.push(chunk)
    if (this.#bytes > this.#limits.responseBytesMax) this.#tooLarge()
  }

  onResponseEnd(): void {
    if (!this.#close()) return
    let settle: () => void
    try {
      const response = { status: this.#status, headers: this.#headers, text: this.#text() }
      settle = () => this.#settle.resolve(response)
    } catch (error) {
      settle = () => this.#settle.reject(error)
    }
    // undici frees the socket in an immediate that it schedules right after this callback. A caller that went on before
    // that would open a second connection, with a second handshake.
    queueMicrotask(() => setImmediate(settle))
  }

  #text(): string {
    const request = this.#request
    if (request.beforeText === undefined) return new TextDecoder().decode(Buffer.concat(this.#chunks))
    // Not from the pool that all small Buffers share.
    const body = Buffer.allocUnsafeSlow(this.#chunks.reduce((bytes, chunk) => bytes + chunk.length, 0))
    try {
      let at = 0
      for (const chunk of this.#chunks) at += chunk.copy(body, at)
      request.beforeText(body)
      return new TextDecoder().decode(body)
    } finally {
      body.fill(0)
      this.#wipe()
    }
  }

  #wipe(): void {
    if (this.#request.beforeText === undefined) return
    for (const chunk of this.#chunks) chunk.fill(0)
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    if (this.#controller === undefined) {
      // Nothing was sent: either our own connector says why, or the request itself is malformed, which is a bug.
      this.#stop(error instanceof ConnectorError || isBug(error) ? error : connectionLost())
      return
    }
    this.#fail({
      kind: 'transient',
      code: 'http.connection',
      hint: 'the connection broke before the answer was complete',
    })
  }

  /** Answers with what came so far; the connection is not used again. */
  #cutOff(): void {
    if (!this.#close()) return
    this.#settle.resolve({ status: this.#status, headers: this.#headers, text: '' })
    this.#controller?.abort(new Error('nobody reads the rest of this answer'))
  }

  #tooLarge(): void {
    this.#fail({
      kind: 'rejected',
      code: 'http.response-too-large',
      hint: 'the answer is larger than this connection allows',
    })
  }

  #fail(failure: ConnectorFailure): void {
    // A redirect is an answer: the request was refused. GET is safe (RFC 9110 section 9.2.1): there is nothing to carry out.
    const outcomeUnknown =
      this.#controller !== undefined && this.#request.method !== 'GET' && failure.code !== 'http.redirect'
    this.#stop(new ConnectorError({ ...failure, outcomeUnknown }))
  }

  #stop(reason: unknown): void {
    if (!this.#close()) return
    this.#wipe()
    this.#settle.reject(reason)
    this.#controller?.abort(new Error('the request was given up'))
  }

  /** True for the first caller only: whatever comes later has no one to tell. */
  #close(): boolean {
    if (this.#finished) return false
    this.#finished = true
    clearTimeout(this.#timer)
    this.#limits.signal.removeEventListener('abort', this.#onAbort)
    return true
  }
}

function isBug(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_INVALID_ARG'
}

function connectionLost(): ConnectorError {
  return new ConnectorError({
    kind: 'transient',
    code: 'http.connection',
    hint: 'the connection could not be established',
  })
}
