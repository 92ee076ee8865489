/** Proves the promises of sockets against a server that speaks RFC 6455 by hand, so that it can also break it. */
import { createHash } from 'node:crypto'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { SocketRequest } from '../http.ts'
import { withCallScope } from './call-scope.ts'
import type { EgressOptions } from './egress.ts'
import { elsewhere, failureOf, fingerprintOf, localhost, never, useServers } from './servers.fixture.ts'

const { listen, open: openAt } = useServers()

/** RFC 6455 section 5.2: an unmasked frame of the server, its payload below 64 KiB. */
function frame(opcode: number, payload: string | Buffer, fin = true): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.from([(fin ? 0x80 : 0) | opcode, Math.min(bytes.length, 126)])
  if (bytes.length < 126) return Buffer.concat([head, bytes])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([head, length, bytes])
}
const [continuation, textual, binary, closing, pinged, ponged] = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa]

/** Short frames of the client, unmasked. */
function* framesOf(chunk: Buffer): Generator<{ opcode: number; payload: Buffer }> {
  for (let at = 0; at + 6 <= chunk.length; ) {
    const length = (chunk[at + 1] ?? 0) & 0x7f
    const mask = chunk.subarray(at + 2, at + 6)
    const payload = Buffer.from(chunk.subarray(at + 6, at + 6 + length).map((byte, n) => byte ^ (mask[n % 4] ?? 0)))
    yield { opcode: (chunk[at] ?? 0) & 0x0f, payload }
    at += 6 + length
  }
}

interface Peer {
  readonly wire: Duplex
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly heard: { opcode: number; payload: string }[]
  readonly gone: Promise<void>
}

/** A server of sockets; `behaves` is told of each one as soon as it is open. */
async function serve(behaves: (peer: Peer) => void, options: { identity?: typeof localhost; pongs?: boolean } = {}) {
  let upgrades = 0
  const server: Server = createHttpsServer(options.identity ?? localhost, (_request, response) =>
    response.end('no socket'),
  )
  server.on('upgrade', (request, wire: Duplex) => {
    upgrades += 1
    if (request.url === '/refused') return void wire.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
    if (request.url === '/silent') return
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    wire.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    )
    const heard: Peer['heard'] = []
    wire.on('error', () => undefined)
    wire.on('data', (chunk: Buffer) => {
      for (const { opcode, payload } of framesOf(chunk)) {
        heard.push({ opcode, payload: payload.toString() })
        if (opcode === pinged && options.pongs !== false) wire.write(frame(ponged, payload))
      }
    })
    const gone = new Promise<void>((resolve) => wire.on('close', resolve))
    behaves({ wire, headers: request.headers, heard, gone })
  })
  return { origin: `https://127.0.0.1:${await listen(server)}`, upgrades: () => upgrades }
}

function open(origin: string, options: Partial<EgressOptions> = {}) {
  return openAt(origin, options.fingerprint256 === undefined ? { ca: localhost.cert, ...options } : options)
}

/** What a socket of these options hears, as a list that grows. */
function heardBy(request: Partial<SocketRequest> = {}) {
  const heard: string[] = []
  return { heard, request: { path: '/live', onMessage: (text: string) => void heard.push(text), ...request } }
}

test('messages come whole and in order, in one frame, in many, as text or binary, and what is sent arrives', async () => {
  const { promise: connected, resolve } = Promise.withResolvers<Peer>()
  const { origin } = await serve(resolve)
  const { heard, request } = heardBy({ headers: { 'x-mine': '7' } })
  const socket = await open(origin).http.openSocket(request, never)
  const peer = await connected
  expect(peer.headers).toMatchObject({ 'x-mine': '7', origin })
  socket.send('grüß dich')
  const long = 'ü'.repeat(20_000)
  const bytes = Buffer.from(long)
  peer.wire.write(frame(textual, 'one'))
  // Split in the middle of a character, with a ping between.
  peer.wire.write(frame(textual, bytes.subarray(0, 9_001), false))
  peer.wire.write(frame(pinged, 'are you there'))
  peer.wire.write(frame(continuation, bytes.subarray(9_001, 30_000), false))
  peer.wire.write(frame(continuation, bytes.subarray(30_000)))
  peer.wire.write(frame(binary, 'three'))
  await expect.poll(() => heard).toEqual(['one', long, 'three'])
  await expect.poll(() => peer.heard).toContainEqual({ opcode: textual, payload: 'grüß dich' })
  expect(peer.heard).toContainEqual({ opcode: ponged, payload: 'are you there' })
})

test.each([
  ['another authority is configured', { ca: elsewhere.cert }],
  ['another certificate is pinned', { fingerprint256: fingerprintOf(elsewhere.cert) }],
])('no byte reaches a server when %s', async (_title, options) => {
  const { origin, upgrades } = await serve(() => undefined)
  const failure = await failureOf(open(origin, options).http.openSocket(heardBy().request, never))
  expect(failure).toMatchObject({ kind: 'unauthenticated', code: 'http.certificate' })
  expect(upgrades()).toBe(0)
})

test('the pinned certificate opens a socket whatever its chain and name', async () => {
  const { origin, upgrades } = await serve(() => undefined, { identity: elsewhere })
  await open(origin, { fingerprint256: fingerprintOf(elsewhere.cert) }).http.openSocket(heardBy().request, never)
  expect(upgrades()).toBe(1)
})

test('private addresses can be refused', async () => {
  const { origin, upgrades } = await serve(() => undefined)
  const failure = await failureOf(open(origin, { allowPrivate: false }).http.openSocket(heardBy().request, never))
  expect([failure.code, upgrades()]).toEqual(['http.private-address', 0])
})

test.each([
  ['/refused', { kind: 'transient', code: 'http.socket-refused' }],
  ['/silent', { kind: 'transient', code: 'http.timeout' }],
])('a server that opens no socket at %s is told', async (path, told) => {
  const { origin } = await serve(() => undefined)
  const { http } = open(origin, { requestTimeoutMs: 150 })
  expect(await failureOf(http.openSocket(heardBy({ path }).request, never))).toMatchObject(told)
})

test('a server that is not there is told', async () => {
  const server = createHttpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const failure = await failureOf(open(`https://127.0.0.1:${port}`).http.openSocket(heardBy().request, never))
  expect(failure).toMatchObject({ kind: 'transient', code: 'http.connection' })
  expect(failure.message).not.toContain('127.0.0.1')
})

test('a message above the limit ends the socket before it is kept, whole or in pieces', async () => {
  for (const pieces of [1, 4]) {
    const { promise: connected, resolve } = Promise.withResolvers<Peer>()
    const { origin } = await serve(resolve)
    const { heard, request } = heardBy()
    const socket = await open(origin, { messageBytesMax: 1000 }).http.openSocket(request, never)
    const { wire, gone } = await connected
    wire.write(frame(textual, 'x'.repeat(1000)))
    for (let piece = 0; piece < pieces; piece += 1)
      wire.write(
        frame(piece === 0 ? textual : continuation, 'y'.repeat(Math.ceil(1001 / pieces)), piece === pieces - 1),
      )
    expect(await socket.over).toMatchObject({ kind: 'transient', code: 'http.connection' })
    expect(heard).toEqual(['x'.repeat(1000)])
    await gone
  }
})

test.each([
  ['closes it', ({ wire }: Peer) => void wire.end(frame(closing, Buffer.from([0x03, 0xe8])))],
  ['hangs up', ({ wire }: Peer) => void wire.destroy()],
  ['breaks the protocol', ({ wire }: Peer) => void wire.write(Buffer.from([0xff, 0xff]))],
])('a server that %s ends the socket, and a ping that waits', async (_title, ends) => {
  const { promise: connected, resolve } = Promise.withResolvers<Peer>()
  const { origin } = await serve(resolve, { pongs: false })
  const socket = await open(origin).http.openSocket(heardBy().request, never)
  const waiting = failureOf(socket.ping())
  ends(await connected)
  expect(await socket.over).toMatchObject({ kind: 'transient', code: 'http.connection' })
  expect((await waiting).code).toBe('http.connection')
  socket.send('to nobody')
})

test('a ping waits for the answer of its own socket, and not for ever', async () => {
  const answering = await serve(() => undefined)
  const deaf = await serve(() => undefined, { pongs: false })
  const well = await open(answering.origin).http.openSocket(heardBy().request, never)
  const ill = await open(deaf.origin, { requestTimeoutMs: 150 }).http.openSocket(heardBy().request, never)
  const waiting = failureOf(ill.ping())
  await well.ping()
  expect(await waiting).toMatchObject({ kind: 'transient', code: 'http.timeout' })
})

test('closing, the signal and the end of the way out each end a socket at once, though the server says nothing', async () => {
  for (const way of ['close', 'signal', 'egress'] as const) {
    const { promise: connected, resolve } = Promise.withResolvers<Peer>()
    const { origin } = await serve(resolve)
    const egress = open(origin)
    const abort = new AbortController()
    const { heard, request } = heardBy()
    const socket = await egress.http.openSocket(request, abort.signal)
    const peer = await connected
    if (way === 'close') socket.close()
    else if (way === 'signal') abort.abort(new Error('enough'))
    else await egress.close()
    peer.wire.write(frame(textual, 'too late'))
    expect((await socket.over).code).toBe('http.connection')
    await peer.gone
    expect(heard).toEqual([])
  }
})

test('giving up rethrows the reason of the signal, before and while it opens', async () => {
  const { origin } = await serve(() => undefined)
  const { http } = open(origin)
  const reason = new Error('a lock-out came')
  await expect(http.openSocket(heardBy().request, AbortSignal.abort(reason))).rejects.toBe(reason)
  const abort = new AbortController()
  const opening = http.openSocket(heardBy({ path: '/silent' }).request, abort.signal)
  abort.abort(reason)
  await expect(opening).rejects.toBe(reason)
})

test('a socket counts as one request, and takes no slot once it is open', async () => {
  const { origin } = await serve(() => undefined)
  const { http } = open(origin, { concurrency: 1 })
  const { meter } = await withCallScope({ lane: 'bulk' }, () => http.openSocket(heardBy().request, never))
  expect(meter.requests).toBe(1)
  expect((await http.request({ method: 'GET', path: '/' }, never)).text).toBe('no socket')
})
