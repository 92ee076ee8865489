/** A client of the live socket that keeps what it is told, for the tests of this folder. */
import { once } from 'node:events'
import { Agent, WebSocket } from 'undici'
import { vi } from 'vitest'
import type { Client } from './client-for-tests.ts'

// biome-ignore lint/suspicious/noExplicitAny: the documents are checked by the expectations of each test
type Document = any

export interface SocketClient extends Disposable {
  readonly socket: WebSocket
  /** Everything that came, as it was sent. */
  readonly frames: (string | ArrayBuffer)[]
  /** The events among them. */
  events(): Document[]
  say(text: string): void
  /** Says the session id and waits for the answer, whose code it gives. */
  greet(sessionId?: string): Promise<string>
  /** Resolves when so many events have come. */
  until(count: number): Promise<void>
}

export async function openSocket(client: Client, headers: Record<string, string> = {}): Promise<SocketClient> {
  const { simulator } = client
  const dispatcher = new Agent({ connect: { ca: simulator.ca } })
  const socket = new WebSocket(`${simulator.url.replace('https', 'wss')}/wsapi`, { dispatcher, headers })
  socket.binaryType = 'arraybuffer'
  const frames: (string | ArrayBuffer)[] = []
  socket.addEventListener('message', ({ data }) => frames.push(data))
  await Promise.race([
    once(socket, 'open'),
    once(socket, 'error').then(() => Promise.reject(new Error('the socket was refused'))),
  ])
  const parsed = () =>
    frames.map((frame): Document => JSON.parse(typeof frame === 'string' ? frame : Buffer.from(frame).toString()))
  const events = () => parsed().filter(({ Event }) => Event !== undefined)
  const answers = () => parsed().filter(({ Response }) => Response !== undefined)
  return {
    socket,
    frames,
    events,
    say: (text) => socket.send(text),
    async greet(sessionId = client.session) {
      const before = answers().length
      socket.send(`bs-session-id=${sessionId}`)
      await vi.waitFor(
        () => {
          if (answers().length === before && socket.readyState === socket.OPEN) throw new Error('no answer yet')
        },
        { timeout: 10_000 },
      )
      if (answers().length === before) throw new Error('the socket was cut')
      return answers().at(-1).Response.code
    },
    until: (count) =>
      vi.waitFor(
        () => {
          if (events().length < count) throw new Error(`${events().length} of ${count} events came`)
        },
        { timeout: 10_000 },
      ),
    [Symbol.dispose]() {
      socket.close()
      void dispatcher.destroy()
    },
  }
}

/** A socket that went through all steps in their order. */
export async function openStarted(client: Client): Promise<SocketClient> {
  const socket = await openSocket(client)
  await socket.greet()
  await client.send('POST', '/api/events/start', {})
  return socket
}
