/** The only way out: HTTP calls and sockets, or bare connections, to one origin with its own trust, slots, rate, time and size limits, counted per call scope. */
import { Pool } from 'undici'
import type { Span, Traces } from '../../telemetry/traces.ts'
import type { Address } from '../address.ts'
import { ConnectorError } from '../errors.ts'
import type { HttpClient, HttpRequest, HttpResponse, HttpSocket, SocketRequest } from '../http.ts'
import type { WireClient } from '../wire.ts'
import { currentCallScope } from './call-scope.ts'
import { originOf } from './origin.ts'
import { type ServerTrust, secureConnect } from './secure-connect.ts'
import { send } from './send.ts'
import { Slots } from './slots.ts'
import { openSocket } from './socket.ts'
import { openWires } from './wires.ts'

export interface EgressOptions extends Address {
  readonly concurrency: number
  readonly requestsPerSecond: number
  /** From getting a slot to the last byte of the answer. */
  readonly requestTimeoutMs: number
  /** Largest answer that is read; 8 MiB by default. */
  readonly responseBytesMax?: number
  /** Largest message of a socket that is taken; 1 MiB by default. */
  readonly messageBytesMax?: number
  /** Where requests show, and as those of which target. */
  readonly traced?: { readonly traces: Traces; readonly target: string }
}

export interface Egress {
  /** For an origin that is `https:` or `http:`. */
  readonly http: HttpClient
  /** For an origin that is `tls:` or `tcp:`. */
  readonly wires: WireClient
  /** Refuses new requests, ends sockets, wires and requests that still wait, lets those in flight finish within their time limits. */
  close(): Promise<void>
}

type Named = Pick<HttpRequest, 'method' | 'route'>

const responseBytesMaxDefault = 8 * 1024 * 1024
const messageBytesMaxDefault = 1024 * 1024

/**
 * Opens no connection yet. One Egress per external system.
 * @throws ConnectorError `rejected` (`http.origin`, `wire.origin`) for an origin that is none; RangeError for impossible limits.
 */
export function openEgress(options: EgressOptions): Egress {
  const origin = originOf(options.origin)
  const slots = new Slots(options)
  const trust: ServerTrust = {
    allowPrivate: options.allowPrivate ?? true,
    connectTimeoutMs: options.requestTimeoutMs,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.fingerprint256 === undefined ? {} : { fingerprint256: options.fingerprint256 }),
    ...(options.identity === undefined ? {} : { identity: options.identity }),
  }
  return origin.area === 'wire'
    ? { http: wrongHttp, ...openWires(origin, trust, slots, options.requestTimeoutMs) }
    : { wires: wrongWires, ...openHttp(origin.text, trust, slots, options) }
}

const wrongWay = () => Promise.reject(new TypeError('requests go to https: origins, bare connections to tls: ones'))
const wrongHttp: HttpClient = { request: wrongWay, openSocket: wrongWay }
const wrongWires: WireClient = { open: wrongWay }

function openHttp(
  origin: string,
  trust: ServerTrust,
  slots: Slots,
  options: EgressOptions,
): Pick<Egress, 'http' | 'close'> {
  const closing = new AbortController()
  const inFlight = new Set<Promise<HttpResponse>>()
  const connect = secureConnect(trust)
  const pool = new Pool(origin, {
    // The slots bound what is in flight. A bound here as well would let one hanging connect block a free slot.
    connections: null,
    pipelining: 1,
    // Our own limits rule; undici's are coarse and would surface as other errors.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect,
  })

  function request(call: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return traced(call, async (span) => {
      const answer = await inSlot(call, signal, span, () => {
        const sent = send(pool, call, {
          signal,
          timeoutMs: Math.max(options.requestTimeoutMs, call.timeoutMs ?? 0),
          responseBytesMax: options.responseBytesMax ?? responseBytesMaxDefault,
        })
        inFlight.add(sent)
        return sent.finally(() => inFlight.delete(sent))
      })
      span?.set({ status: answer.status })
      return answer
    })
  }

  function socket(call: SocketRequest, signal: AbortSignal): Promise<HttpSocket> {
    return traced({ method: 'GET', ...call }, (span) =>
      inSlot(call, signal, span, () =>
        openSocket(origin, connect, call, {
          signal: AbortSignal.any([signal, closing.signal]),
          timeoutMs: options.requestTimeoutMs,
          messageBytesMax: options.messageBytesMax ?? messageBytesMaxDefault,
        }),
      ),
    )
  }

  function traced<T>({ method, route }: Named, work: (span?: Span) => Promise<T>): Promise<T> {
    const { traced: way } = options
    return way?.traces.on === true ? way.traces.span('request', { target: way.target, method, route }, work) : work()
  }

  async function inSlot<T>(
    { path }: Pick<HttpRequest, 'path'>,
    signal: AbortSignal,
    span: Span | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    if (!path.startsWith('/')) throw new TypeError('the path of a request starts with /')
    signal.throwIfAborted()
    const asked = performance.now()
    const scope = currentCallScope()
    const end = scope?.begin()
    try {
      const release = await slots.acquire(scope?.lane ?? 'bulk', AbortSignal.any([signal, closing.signal]))
      try {
        signal.throwIfAborted()
        scope?.sent()
        span?.set({ slotMs: Math.round(performance.now() - asked) })
        return await work()
      } finally {
        release()
      }
    } finally {
      end?.()
    }
  }

  return {
    http: { request, openSocket: socket },
    async close() {
      closing.abort(
        new ConnectorError({ kind: 'transient', code: 'http.connection', hint: 'the connection is being closed' }),
      )
      await Promise.allSettled(inFlight)
      await pool.destroy()
    },
  }
}
