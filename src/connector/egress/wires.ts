/** Opens bare connections to one origin: nothing waits longer than its time limit, and no error names what was sent or where. */
import type { Socket } from 'node:net'
import { ConnectorError } from '../errors.ts'
import type { Wire, WireClient } from '../wire.ts'
import { currentCallScope } from './call-scope.ts'
import { notConnected, refusedIdentity } from './connect-failures.ts'
import type { Origin } from './origin.ts'
import { type ServerTrust, socketOpener } from './secure-connect.ts'
import type { Slots } from './slots.ts'

/** A connection on which nothing was heard for so long is asked by the system whether it still is one; in ms. */
const keepAliveMs = 10_000

/**
 * With TLS 1.3 a server looks at our certificate when for us the connection is open already, and some just end it when they don't like it:
 * that must not be taken for the end of a server that has read all. So we never end first before twice the time that the opening
 * took, which is two ways there and back at least; in ms.
 */
const settleMsMin = 50

export interface Wires {
  readonly wires: WireClient
  close(): Promise<void>
}

/** Opens no connection yet. `timeoutMs`: for one write, and for the other side to end. */
export function openWires(origin: Origin, trust: ServerTrust, slots: Slots, timeoutMs: number): Wires {
  const open = socketOpener(trust)
  const closing = new AbortController()
  const wires = new Set<OpenWire>()

  function connect(signal: AbortSignal): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const giveUp = open(origin, (error, socket) => {
      if (socket !== null) resolve(socket)
      else reject(signal.aborted ? signal.reason : error)
    })
    signal.addEventListener('abort', giveUp, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  return {
    wires: {
      async open(signal, onData) {
        const either = AbortSignal.any([signal, closing.signal])
        either.throwIfAborted()
        const asked = performance.now()
        const socket = await connect(either)
        const settledAt = performance.now() + Math.max(settleMsMin, 2 * (performance.now() - asked))
        const wire = new OpenWire(socket, onData, { slots, timeoutMs, settledAt, closing: closing.signal })
        wires.add(wire)
        wire.over.addEventListener('abort', () => wires.delete(wire), { once: true })
        return wire
      },
    },
    async close() {
      closing.abort(notConnected('wire', 'the connection is being closed'))
      for (const wire of wires) wire.close()
    },
  }
}

interface Limits {
  readonly slots: Slots
  readonly timeoutMs: number
  /** By the clock of `performance`. */
  readonly settledAt: number
  readonly closing: AbortSignal
}

class OpenWire implements Wire {
  readonly #over = new AbortController()
  readonly over = this.#over.signal
  readonly #socket: Socket
  readonly #limits: Limits
  #onFinished: (() => void) | null = null
  #endedAfterUs = false

  constructor(socket: Socket, onData: ((piece: Buffer) => void) | undefined, limits: Limits) {
    this.#socket = socket
    this.#limits = limits
    socket.setKeepAlive(true, keepAliveMs)
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(broken(error.code)))
    // The other side ends first: whatever it has not read by now it never will.
    socket.on('end', () => {
      if (this.#onFinished === null) this.#end(broken(undefined))
      else this.#endedAfterUs = true
    })
    socket.on('close', () => {
      if (this.#endedAfterUs) this.#onFinished?.()
      else this.#end(broken(undefined))
    })
    if (onData === undefined) socket.resume()
    else socket.on('data', onData)
  }

  async write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    const { slots, closing } = this.#limits
    const scope = currentCallScope()
    const end = scope?.begin()
    try {
      const release = await slots.acquire(scope?.lane ?? 'bulk', AbortSignal.any([signal, closing]))
      try {
        scope?.sent()
        await this.#within(signal, (done) => this.#socket.write(bytes, (error) => (error ? undefined : done())))
      } finally {
        release()
      }
    } finally {
      end?.()
    }
  }

  async finish(signal: AbortSignal): Promise<void> {
    const { settledAt } = this.#limits
    await this.#within(signal, (done) => void setTimeout(done, settledAt - performance.now()))
    await this.#within(signal, (done) => {
      this.#onFinished = done
      this.#socket.end()
    })
    this.#end(broken(undefined))
  }

  close(why: ConnectorError = notConnected('wire', 'the connection was closed')): void {
    this.#end(why)
  }

  /** Waits for `start` to be done, for the end of the wire, the signal or the time limit; all but the first end the wire. */
  async #within(signal: AbortSignal, start: (done: () => void) => void): Promise<void> {
    signal.throwIfAborted()
    this.over.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onOver = () => reject(this.over.reason)
    const onAbort = () => reject(signal.reason)
    const timer = setTimeout(() => reject(tooSlow()), this.#limits.timeoutMs)
    this.over.addEventListener('abort', onOver, { once: true })
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      start(resolve)
      await promise
    } catch (error) {
      this.#end(error instanceof ConnectorError ? error : notConnected('wire', 'the connection was given up'))
      throw error
    } finally {
      clearTimeout(timer)
      this.over.removeEventListener('abort', onOver)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #end(why: ConnectorError): void {
    if (this.over.aborted) return
    this.#over.abort(why)
    this.#socket.destroy()
  }
}

/** `code` is Node's own: its message is not passed on. */
function broken(code: string | undefined): ConnectorError {
  const hint = 'the connection broke: what was sent last may not have arrived'
  return (
    refusedIdentity('wire', code) ??
    new ConnectorError({ kind: 'transient', code: 'wire.connection', hint, outcomeUnknown: true })
  )
}

function tooSlow(): ConnectorError {
  const hint = 'the other side did not go on reading within the time limit'
  return new ConnectorError({ kind: 'transient', code: 'wire.timeout', hint, outcomeUnknown: true })
}
