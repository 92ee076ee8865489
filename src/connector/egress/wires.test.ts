/** Proves the promises of bare connections against real TLS and TCP servers on this machine. */
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { expect, test } from 'vitest'
import type { EgressOptions } from './egress.ts'
import { elsewhere, failureOf, localhost, never, useServers } from './servers.fixture.ts'

const { listen, open: openAt } = useServers()
const open = (origin: string, options: Partial<EgressOptions> = {}) =>
  openAt(origin, { ca: localhost.cert, ...options })

async function serve(onSocket: (socket: Socket) => void, options: TlsOptions = {}): Promise<string> {
  const server = createTlsServer({ ...localhost, ...options }, (socket) => {
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  return `tls://127.0.0.1:${await listen(server)}`
}

test('what is written arrives, what is answered is handed on, and finishing waits until all was read', async () => {
  let read = ''
  const origin = await serve((socket) => {
    socket.on('data', (piece) => {
      read += piece
    })
    socket.write('welcome')
  })
  const heard = Promise.withResolvers<string>()
  const wire = await open(origin).wires.open(never, (piece) => heard.resolve(piece.toString()))
  await wire.write(Buffer.from('one '), never)
  await wire.write(Buffer.alloc(1_000_000, 'x'), never)
  await wire.finish(never)
  expect(await heard.promise).toBe('welcome')
  expect(read).toHaveLength(1_000_004)
  expect(wire.over.aborted).toBe(true)
})

test('a server that breaks off, or ends first, has not read all: writing and finishing fail', async () => {
  for (const end of ['destroy', 'end'] as const) {
    const origin = await serve((socket) => void socket.once('data', () => socket[end]()))
    const wire = await open(origin).wires.open(never)
    await wire.write(Buffer.from('one'), never)
    await new Promise((resolve) => wire.over.addEventListener('abort', resolve, { once: true }))
    const expected = { kind: 'transient', code: 'wire.connection', outcomeUnknown: true }
    expect(await failureOf(wire.finish(never))).toMatchObject(expected)
    expect(await failureOf(wire.write(Buffer.from('two'), never))).toMatchObject(expected)
  }
})

test('a server that reads no more, or never ends, is given up within the time limit', async () => {
  const deaf = await serve((socket) => void socket.pause())
  const wire = await open(deaf, { requestTimeoutMs: 300 }).wires.open(never)
  const failure = await failureOf(wire.write(Buffer.alloc(64 * 1024 * 1024), never))
  expect(failure).toMatchObject({ kind: 'transient', code: 'wire.timeout', outcomeUnknown: true })
  expect(wire.over.aborted).toBe(true)
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => void socket.resume())
  const endless = open(`tcp://127.0.0.1:${await listen(server)}`, { requestTimeoutMs: 300 })
  const other = await endless.wires.open(never)
  expect((await failureOf(other.finish(never))).code).toBe('wire.timeout')
})

test('cancelling rethrows the reason of the signal, while opening, writing and finishing', async () => {
  const reason = new Error('somebody else delivers now')
  const mute = `tls://127.0.0.1:${await listen(createTcpServer(() => undefined))}`
  const deaf = await serve((socket) => void socket.pause())
  const opening = new AbortController()
  const opened = open(mute).wires.open(opening.signal)
  opening.abort(reason)
  await expect(opened).rejects.toBe(reason)
  const writing = new AbortController()
  const wire = await open(deaf).wires.open(never)
  const written = wire.write(Buffer.alloc(64 * 1024 * 1024), writing.signal)
  setTimeout(() => writing.abort(reason), 20)
  await expect(written).rejects.toBe(reason)
  await expect(wire.write(Buffer.from('x'), AbortSignal.abort(reason))).rejects.toBe(reason)
  expect((await failureOf(wire.finish(never))).code).toBe('wire.connection')
})

test('a server that asks for a certificate gets ours, and one that likes none of it says so in plain words', async () => {
  const asking = { requestCert: true, rejectUnauthorized: true, ca: localhost.cert }
  const origin = await serve((socket) => void socket.resume(), asking)
  const identity = { certificate: localhost.cert, key: localhost.key }
  const known = await open(origin, { identity }).wires.open(never)
  await known.write(Buffer.from('in'), never)
  await known.finish(never)
  const tell = async (options: Partial<EgressOptions>) => {
    const wire = await open(origin, options).wires.open(never)
    await wire.write(Buffer.from('x'), never)
    await wire.finish(never)
  }
  expect(await failureOf(tell({}))).toMatchObject({ kind: 'unauthenticated', code: 'wire.client-certificate' })
  // This server ends the connection without a word when it does not know the authority.
  const stranger = { identity: { certificate: elsewhere.cert, key: elsewhere.key } }
  expect(await failureOf(tell(stranger))).toMatchObject({ kind: 'transient', code: 'wire.connection' })
})

test('the rules of every way out hold here as well', async () => {
  let connections = 0
  const origin = await serve(() => {
    connections += 1
  })
  const other = elsewhere.cert
  for (const [at, options, code] of [
    [origin, { ca: other }, 'wire.certificate'],
    [origin, { allowPrivate: false }, 'wire.private-address'],
    [origin.replace('127.0.0.1', 'localhost'), { allowPrivate: false }, 'wire.private-address'],
    ['tls://169.254.169.254:6514', { allowPrivate: true }, 'wire.forbidden-address'],
    ['tls://0xa9fea9fe:6514', { allowPrivate: true }, 'wire.forbidden-address'],
  ] as const) {
    const failure = await failureOf(open(at, options).wires.open(never))
    expect(failure).toMatchObject({ kind: 'unauthenticated', code })
    expect(failure.message).not.toMatch(/127\.0|169\.254/)
  }
  const unused = `tls://127.0.0.1:${await freed()}`
  expect(await failureOf(open(unused).wires.open(never))).toMatchObject({ kind: 'transient', code: 'wire.connection' })
  expect(connections).toBe(0)
})

test.each([
  'tls://door.example',
  'tls://door.example:6514/path',
  'tcp://door.example:514',
  'tls://user@door.example:1',
])('%s is no origin', (origin) => expect(() => open(origin)).toThrow(/wire\.origin/))

test('requests and bare connections have their own origins; closing ends what is open, and opens nothing more', async () => {
  const origin = await serve((socket) => void socket.resume())
  const egress = open(origin)
  await expect(egress.http.request({ method: 'GET', path: '/' }, never)).rejects.toThrow(TypeError)
  await expect(open(origin.replace('tls', 'https')).wires.open(never)).rejects.toThrow(TypeError)
  const wire = await egress.wires.open(never)
  await egress.close()
  expect(wire.over.aborted).toBe(true)
  expect((await failureOf(egress.wires.open(never))).code).toBe('wire.connection')
})

async function freed(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
