/** Stands between a sink and its receiver, and cuts a connection in the middle of a batch when it is told to. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** The next connection over which so many bytes go to the receiver is cut then, once. */
  cutAfter(bytes: number): void
}

export async function startCuttingProxy(to: number): Promise<CuttingProxy> {
  let cutAfter = Number.POSITIVE_INFINITY
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    let passed = 0
    const cut = () => {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', cut).on('close', () => sockets.delete(socket))
    }
    near.on('data', (piece) => {
      passed += piece.length
      if (passed <= cutAfter) return
      cutAfter = Number.POSITIVE_INFINITY
      cut()
    })
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(bytes) {
      cutAfter = bytes
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
