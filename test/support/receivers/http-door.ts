/** A server for HTTPS, or plain HTTP, on a free port of this machine, that keeps its port while it is down. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type ServerCertificate, serverCertificates } from './certificates.ts'

export interface DoorOptions {
  readonly certificate?: ServerCertificate
  /** Without TLS. */
  readonly plain?: boolean
}

export interface DoorRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Null when it is longer than the door takes. */
  readonly body: Buffer | null
  readonly socket: Socket
}

export interface HttpDoor extends AsyncDisposable {
  readonly port: number
  /** With the name `localhost`. */
  readonly origin: string
  /** Codes of the handshakes that failed, as OpenSSL names them: a client that refuses an expired certificate leaves one here. */
  readonly handshakeFailures: readonly string[]
  /** How many connections were opened so far. */
  connections(): number
  /** Cuts every connection and takes none until `start`. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** `handle` is called once the whole body is there. `maxBytes` is of a body. */
export async function openHttpDoor(
  { certificate = 'good', plain = false }: DoorOptions,
  maxBytes: number,
  handle: (request: DoorRequest, response: ServerResponse) => void,
): Promise<HttpDoor> {
  const handshakeFailures: string[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    // A client that goes away in the middle is what some tests are about.
    incoming.on('error', () => undefined)
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'https://localhost')
    const { method = '', headers, socket } = incoming
    const pass = (body: Buffer | null) =>
      handle({ method, path: pathname, query: searchParams, headers, body, socket }, response)
    readBody(incoming, maxBytes, pass)
  }
  const server: Server = plain
    ? createHttpServer(listener)
    : createHttpsServer(serverCertificates[certificate], listener)
  server.on('connection', (socket: Socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => handshakeFailures.push(error.code ?? error.message))
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  async function stop(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    ...{ port, handshakeFailures, stop, origin: `${plain ? 'http' : 'https'}://localhost:${port}` },
    connections: () => opened,
    start: () => listen(port),
    [Symbol.asyncDispose]: stop,
  }
}

function readBody(incoming: IncomingMessage, maxBytes: number, pass: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
  })
  incoming.on('end', () => pass(bytes > maxBytes ? null : Buffer.concat(chunks)))
}
