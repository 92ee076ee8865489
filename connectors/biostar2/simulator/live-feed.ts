/** Sends each stored event to the sockets that asked for it, unless a fault, a quirk or a dead session keeps it back. */
import { setTimeout as later } from 'node:timers'
import type { WebSocket } from 'ws'
import type { LoggedEvent } from './event-log.ts'
import { eventFrame } from './event-rows.ts'
import type { Faults } from './faults.ts'
import type { Simulation } from './simulation.ts'

/** `open` after the handshake of HTTP, `bound` to a session, `started` by `POST /api/events/start`. */
export type SocketStage = 'open' | 'bound' | 'started'

export interface LiveSocket {
  readonly id: number
  readonly socket: WebSocket
  stage: SocketStage
  sessionId: string | null
  /** Frames that were sent, repeats included. */
  sent: number
  /** Events that it should have had and did not get. */
  lost: number
  /** Nothing is read from it and nothing sent any more, not even the answer to a ping. */
  isFrozen: boolean
}

/** How a socket ends: without a word, as a server that goes away does, or not at all: the line is dead and nobody says so. */
export type SocketEnd = 'cut' | 'close' | 'freeze'

export interface SeenSocket {
  id: number
  stage: SocketStage
  /** Its session lives; without one it gets nothing. */
  alive: boolean
  sent: number
  lost: number
}

export class LiveFeed {
  readonly #faults: Faults
  readonly #sockets = new Set<LiveSocket>()
  #lastId = 0
  #told = 0

  constructor(faults: Faults) {
    this.#faults = faults
  }

  add(socket: WebSocket): LiveSocket {
    const live: LiveSocket = {
      id: ++this.#lastId,
      socket,
      stage: 'open',
      sessionId: null,
      sent: 0,
      lost: 0,
      isFrozen: false,
    }
    this.#sockets.add(live)
    socket.on('close', () => this.#sockets.delete(live))
    return live
  }

  /** Lets events flow to every socket that is bound to this session; says how many those are. */
  start(sessionId: string): number {
    const bound = [...this.#sockets].filter((live) => live.sessionId === sessionId)
    for (const live of bound) live.stage = 'started'
    return bound.length
  }

  list({ sessions }: Simulation): SeenSocket[] {
    return [...this.#sockets].map(({ id, stage, sessionId, sent, lost }) => {
      return { id, stage, alive: sessionId !== null && sessions.isAlive(sessionId), sent, lost }
    })
  }

  /** Ends every socket, and says how many there were. */
  end(how: SocketEnd): number {
    const count = this.#sockets.size
    for (const live of this.#sockets) {
      if (how === 'cut') live.socket.terminate()
      else if (how === 'close') live.socket.close(1001)
      else freeze(live)
    }
    return count
  }

  /** How many bytes wait at the socket that is most behind. */
  backlogBytes(): number {
    return Math.max(0, ...[...this.#sockets].map(({ socket }) => socket.bufferedAmount))
  }

  tell(simulation: Simulation, event: LoggedEvent, late: boolean): void {
    if (this.#sockets.size === 0) return
    const { quirks, sessions } = simulation
    const alive = new Map<LiveSocket, boolean>()
    for (const live of this.#sockets) {
      if (live.sessionId !== null) alive.set(live, sessions.isAlive(live.sessionId))
    }
    const stale = [...alive.values()].includes(false) ? quirks.staleSockets : null
    this.#told++
    let frame: string | null = null
    for (const [live, isAlive] of alive) {
      if (live.stage !== 'started') continue
      const isLost = stale !== null && this.#told % stale.loseEvery === 0
      const isDead = live.isFrozen || this.#faults.line() === 'half-open'
      if (!isAlive || isLost || isDead || (late && !quirks.lateEventsOnSocket)) {
        live.lost++
        continue
      }
      frame ??= eventFrame(simulation, event)
      this.#send(simulation, live, frame, stale?.delayMs ?? 0)
    }
  }

  /** One event to one socket, as far as the faults let it. */
  #send(simulation: Simulation, live: LiveSocket, frame: string, delayMs: number): void {
    const { fault } = this.#faults.judge({ method: 'EVENT', path: '/wsapi' })
    switch (fault?.kind) {
      case 'event-lost':
      case 'socket-silent':
        live.lost++
        return
      case 'socket-cut':
        live.lost++
        live.socket.terminate()
        return
      case 'event-twice':
        write(simulation, live, frame)
        break
      case 'event-late':
        delayMs += fault.delayMs ?? 1000
        break
    }
    if (delayMs === 0) write(simulation, live, frame)
    else later(() => write(simulation, live, frame), delayMs).unref()
  }
}

export function freeze(live: LiveSocket): void {
  live.isFrozen = true
  live.socket.pause()
}

/** Whole, or in fragments that may end within a character. A socket that is gone meanwhile is passed over. */
function write({ quirks }: Simulation, live: LiveSocket, frame: string): void {
  const { socket } = live
  if (socket.readyState !== socket.OPEN || live.isFrozen) return
  live.sent++
  const { socketFragmentBytes: size, socketBinary: binary } = quirks
  if (size === null) {
    socket.send(frame, { binary })
    return
  }
  const bytes = Buffer.from(frame)
  for (let from = 0; from < bytes.length; from += size) {
    socket.send(bytes.subarray(from, from + size), { binary, fin: from + size >= bytes.length })
  }
}
