/** Binds the API to an address, with limits that slow callers can't outlast, and lets go of it without cutting answers off. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Api } from './env.ts'

export interface TlsFiles {
  /** PEM. */
  readonly key: Buffer
  /** PEM, with its chain. */
  readonly cert: Buffer
}

export interface ServedApi {
  readonly url: string
  /** No new requests at once; running ones have `graceMs`, then they are cut. */
  close(graceMs?: number): Promise<void>
}

// For receiving a request, not for answering it: a sync may take long.
const serverOptions = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 }

/** Port 0: any free one. @throws Error with the system's code, such as `EADDRINUSE` or `EACCES`. */
export async function serveApi(
  app: Pick<Api, 'fetch'>,
  listen: { readonly host: string; readonly port: number },
  tls?: TlsFiles,
): Promise<ServedApi> {
  // The adapter's type covers HTTP/2 as well; only these two kinds are asked for.
  const server = createAdaptorServer(
    tls === undefined
      ? { fetch: app.fetch, createServer, serverOptions }
      : {
          fetch: app.fetch,
          createServer: createTlsServer,
          serverOptions: { ...serverOptions, ...tls, minVersion: 'TLSv1.2' },
        },
  ) as Server
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  const { address, family, port } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    async close(graceMs = 5_000) {
      const closed = once(server, 'close')
      server.close()
      // A connection that becomes idle after this is not closed by Node until its keep-alive ends.
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearInterval(sweep)
      clearTimeout(cut)
    },
  }
}
