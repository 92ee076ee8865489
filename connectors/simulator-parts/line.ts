/** The wire in front of a simulated server: loopback, TLS behind it, refused or half-open while a fault says so. */
import { once } from 'node:events'
import type { Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

const host = '127.0.0.1'

interface LineFaults {
  line(): 'up' | 'down' | 'half-open'
  onLineChange: () => void
}

export interface Line {
  port: number
  /** Cuts every connection that stands; new ones are taken. */
  cut(): void
  /** Cuts every connection and stops listening. */
  close(): Promise<void>
}

/** Listens on loopback (port 0 takes a free one). A plain socket server stands in front, so that a half-open line can withhold the TLS handshake. */
export async function openLine(https: HttpsServer, faults: LineFaults, wantedPort: number): Promise<Line> {
  const sockets = new Set<Socket>()
  // A client that distrusts the certificate or hangs up: its own business.
  https.on('tlsClientError', (_error, socket) => socket.destroy())
  const front = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    // A reset by the client ends its connection and nothing else; 'close' follows.
    socket.on('error', () => socket.destroy())
    if (faults.line() === 'half-open') socket.pause()
    else https.emit('connection', socket)
  })
  const port = await open(front, wantedPort)
  // Listening again right after closing can find the port still busy for a moment.
  let closed = false
  let line = faults.line()
  const listenAgain = () => {
    if (line !== 'down' && !closed && !front.listening) front.listen(port, host)
  }
  front.on('error', () => setTimeout(listenAgain, 10))
  faults.onLineChange = () => {
    const next = faults.line()
    if (next === line) return
    // Connections of a line that was down or half-open never come back to life.
    if (next === 'down' || line === 'half-open') for (const socket of sockets) socket.destroy()
    if (next === 'down') front.close()
    line = next
    listenAgain()
  }
  return {
    port,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      closed = true
      faults.onLineChange = () => {}
      for (const socket of sockets) socket.destroy()
      if (front.listening) {
        front.close()
        await once(front, 'close')
      }
    },
  }
}

async function open(server: Server, port: number): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
