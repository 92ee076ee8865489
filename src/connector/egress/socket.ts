/** Opens a WebSocket behind the same check of the certificate as every request, and ends it when told to, whatever the server does. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { type buildConnector, Client, ping, WebSocket } from 'undici'
import { ConnectorError } from '../errors.ts'
import type { HttpSocket, SocketRequest } from '../http.ts'

export interface SocketLimits {
  readonly signal: AbortSignal
  /** Until it is open, and for the answer to a ping. */
  readonly timeoutMs: number
  /** Largest message that is taken, after unpacking; one byte more ends the socket. */
  readonly messageBytesMax: number
}

/** Of a message; frames may be tiny. */
const fragmentsMax = 1024
const pongs = 'undici:websocket:pong'

/** @throws ConnectorError as `HttpClient.openSocket` documents, or the signal's reason. Texts of undici or Node are never passed on. */
export async function openSocket(
  origin: string,
  connect: buildConnector.connector,
  request: SocketRequest,
  limits: SocketLimits,
): Promise<HttpSocket> {
  const { signal } = limits
  signal.throwIfAborted()
  let stream: Socket | null = null
  let refusal: ConnectorError | null = null
  // A client of its own: one socket, one connection, which is known here and can be cut.
  const client = new Client(origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    webSocket: { maxPayloadSize: limits.messageBytesMax, maxFragments: fragmentsMax },
    connect: (options, callback) =>
      connect(options, (...[error, socket]) => {
        if (error instanceof ConnectorError) refusal = error
        stream = socket
        if (error === null) callback(null, socket)
        else callback(error, null)
      }),
  })
  const socket = new WebSocket(new URL(request.path, origin.replace(/^http/, 'ws')), {
    dispatcher: client,
    headers: { ...request.headers, origin },
  })
  socket.binaryType = 'arraybuffer'

  const over = Promise.withResolvers<ConnectorError>()
  const opened = Promise.withResolvers<void>()
  // Nobody may be waiting for it any more.
  opened.promise.catch(() => undefined)
  const end = (error: ConnectorError) => {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
    over.resolve(error)
    opened.reject(error)
    socket.onmessage = null
    if (socket.readyState !== socket.CLOSED) socket.close()
    // What was written goes out, the closing frame with it, and no answer is waited for.
    stream?.destroySoon()
    void client.destroy()
  }
  const onAbort = () => {
    opened.reject(signal.reason)
    end(broken('the socket was given up'))
  }
  const timer = setTimeout(
    () => end(new ConnectorError({ kind: 'transient', code: 'http.timeout', hint: 'no socket within the time limit' })),
    limits.timeoutMs,
  )
  signal.addEventListener('abort', onAbort, { once: true })
  socket.onmessage = ({ data }) => request.onMessage(typeof data === 'string' ? data : new TextDecoder().decode(data))
  let isOpen = false
  socket.onopen = () => {
    isOpen = true
    clearTimeout(timer)
    opened.resolve()
  }
  socket.onclose = () => end(isOpen ? broken('the socket broke') : (refusal ?? notOpened(stream !== null)))
  await opened.promise

  return {
    send: (text) => socket.send(text),
    ping: () => answered(socket, over.promise, limits.timeoutMs),
    close: () => end(broken('the socket was closed')),
    over: over.promise,
  }
}

/** Resolves with the next pong of this socket. */
async function answered(socket: WebSocket, over: Promise<ConnectorError>, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onPong = (message: unknown) => {
    if ((message as { readonly websocket: WebSocket }).websocket === socket) resolve()
  }
  const hint = 'the server did not answer a ping'
  const timer = setTimeout(
    () => reject(new ConnectorError({ kind: 'transient', code: 'http.timeout', hint })),
    timeoutMs,
  )
  void over.then(reject)
  subscribe(pongs, onPong)
  try {
    ping(socket)
    await promise
  } finally {
    unsubscribe(pongs, onPong)
    clearTimeout(timer)
  }
}

function broken(hint: string): ConnectorError {
  return new ConnectorError({ kind: 'transient', code: 'http.connection', hint })
}

function notOpened(connected: boolean): ConnectorError {
  if (!connected) return broken('the connection could not be established')
  const hint = 'the server did not open a socket: it answered with something else, or hung up'
  return new ConnectorError({ kind: 'transient', code: 'http.socket-refused', hint })
}
