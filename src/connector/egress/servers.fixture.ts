/** Servers and certificates on this machine, for the tests of this folder; what was opened is closed after each test. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, expect } from 'vitest'
import { ConnectorError } from '../errors.ts'
import { type EgressOptions, openEgress } from './egress.ts'

const fixtures = new URL('../../../test/fixtures/tls/', import.meta.url)
const pem = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')
/** For 127.0.0.1 and localhost, and for another name; each is its own authority. */
export const localhost = { cert: pem('localhost-cert.pem'), key: pem('localhost-key.pem') }
export const elsewhere = { cert: pem('elsewhere-cert.pem'), key: pem('elsewhere-key.pem') }
export const fingerprintOf = (cert: string): string => new X509Certificate(cert).fingerprint256
export const never = new AbortController().signal

/** Called once, at the top of a test file. */
export function useServers() {
  const cleanups: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return {
    /** The port. */
    async listen(server: Server): Promise<number> {
      const sockets = new Set<Socket>()
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      cleanups.push(async () => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        for (const socket of sockets) socket.destroy()
        await closed
      })
      return (server.address() as AddressInfo).port
    },
    open(origin: string, options: Partial<EgressOptions> = {}) {
      const egress = openEgress({ origin, concurrency: 4, requestsPerSecond: 1000, requestTimeoutMs: 2000, ...options })
      cleanups.push(() => egress.close())
      return egress
    },
  }
}

export async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConnectorError)
  return error as ConnectorError
}
