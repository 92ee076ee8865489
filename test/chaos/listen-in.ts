/** Hears every byte that is sent to Redis, so that nothing is missed for having been short-lived. */
import { connect, type Socket } from 'node:net'
import type { TestRedis } from '../support/servers.ts'

export interface Ear extends AsyncDisposable {
  /** Every command that any client has sent, one a line. */
  heard(): Buffer
}

/** Resolves once Redis tells it of every command; comes back whenever Redis does. */
export async function listenIn({ url }: TestRedis): Promise<Ear> {
  const { hostname, port } = new URL(url)
  const parts: Buffer[] = []
  let closed = false
  let socket: Socket | undefined
  // By hand: ioredis throws where the first commands come with the answer to MONITOR, which they do when many clients come back at once.
  const listen = (): Promise<void> =>
    new Promise((resolve) => {
      const listening = connect(Number(port), hostname, () => listening.write('MONITOR\r\n'))
      socket = listening
      listening.on('data', (part) => {
        parts.push(part)
        resolve()
      })
      // Whatever it was, the end follows.
      listening.on('error', () => undefined)
      listening.once('close', () => {
        if (!closed) setTimeout(() => void listen(), 50).unref()
      })
    })
  await listen()
  return {
    heard: () => unescaped(Buffer.concat(parts)),
    async [Symbol.asyncDispose]() {
      closed = true
      socket?.destroy()
    },
  }
}

/** Redis writes `\xc3` for whatever is no printable ASCII, and a backslash before quotes and itself. */
function unescaped(said: Buffer): Buffer {
  const bytes = said
    .toString('latin1')
    .replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, other: string | undefined) =>
      hex === undefined ? (other ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return Buffer.from(bytes, 'latin1')
}
