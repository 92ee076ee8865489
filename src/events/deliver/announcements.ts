/** Hears at once, on a connection of its own, that a source has new events; whoever must miss none looks by itself as well. */
import pg from 'pg'
import { sleep } from '../../model/sleep.ts'
import { eventsChannel } from '../../store/events/rows.ts'

export interface Announcements {
  /** Tells of sources by id, until what is returned is called. */
  tell(of: (source: string) => void): () => void
  close(): Promise<void>
}

const againMs = 1_000

/** Whoever is to know whether anything is heard. */
export interface Listening {
  /** It is, from now on. */
  begun(): void
  /** The connection broke, or could not be made; another try follows. */
  broken(error: unknown): void
}

/** `config`: of the runtime role. The connection is made anew until it is closed. */
export function openAnnouncements(config: pg.PoolConfig, listening: Listening): Announcements {
  const listeners = new Set<(source: string) => void>()
  const closing = new AbortController()

  async function listen(): Promise<void> {
    const client = new pg.Client({ ...config, keepAlive: true })
    const lost = Promise.withResolvers<void>()
    // It may be lost before anybody waits for that.
    lost.promise.catch(() => undefined)
    client.on('error', (error) => lost.reject(error))
    client.on('end', () => lost.resolve())
    client.on('notification', ({ payload }) => {
      for (const listener of listeners) listener(payload ?? '')
    })
    const close = (): void => lost.resolve()
    closing.signal.addEventListener('abort', close, { once: true })
    try {
      await client.connect()
      await client.query(`listen ${eventsChannel}`)
      listening.begun()
      await lost.promise
    } finally {
      closing.signal.removeEventListener('abort', close)
      // It may be gone already.
      await client.end().catch(() => undefined)
    }
  }

  const loop = (async () => {
    while (!closing.signal.aborted) {
      await listen().catch((error: unknown) => listening.broken(error))
      await sleep(againMs, closing.signal)
    }
  })()

  return {
    tell(of) {
      listeners.add(of)
      return () => void listeners.delete(of)
    },
    async close() {
      closing.abort(new Error('closing'))
      await loop
    },
  }
}
