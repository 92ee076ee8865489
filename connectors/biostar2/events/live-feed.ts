/** The live socket of the server, kept open in the background: the fast way for events, on which nothing depends. */
import type { Context } from '../../../src/connector/contract.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { HttpSocket } from '../../../src/connector/http.ts'
import { parseJson } from '../../../src/model/parse-json.ts'
import { sleep } from '../../../src/model/sleep.ts'
import { openTrouble } from '../../../src/model/trouble.ts'
import type { Client } from '../client.ts'
import { isObject, parseAnswer } from '../envelope.ts'
import { ownFailure } from '../errors.ts'
import type { Session } from '../session.ts'
import type { Pace } from './pace.ts'
import { type EventRecord, eventRecord } from './record.ts'

/** A socket that keeps events from us is opened anew, less and less often: there may be kinds that it never tells. */
const deafPauseMs = 60_000
const deafPauseMaxMs = 1_800_000

/** Why a socket ends that did not break: its session gave way to another, or it told nothing. */
const replaced = new Error('another socket takes its place')

export interface Told {
  readonly records: readonly EventRecord[]
  readonly unreadable: number
  /** More came than could wait: what is missing stands in the log. */
  readonly dropped: boolean
}

export class LiveFeed {
  readonly #client: Client
  readonly #session: Session
  readonly #context: Context
  readonly #pace: Pace
  readonly #trouble = openTrouble()
  #waiting: string[] = []
  #characters = 0
  #dropped = false
  #open: HttpSocket | null = null
  #opened = 0
  #bug: unknown
  #wake = () => {}
  #isDeaf = false
  #deafAt = Number.NEGATIVE_INFINITY
  #deafPauseMs = deafPauseMs

  constructor(client: Client, session: Session, context: Context, pace: Pace) {
    this.#client = client
    this.#session = session
    this.#context = context
    this.#pace = pace
  }

  /** How often it was opened: what happened before the last time is in the log. */
  get opened(): number {
    return this.#opened
  }

  get isOpen(): boolean {
    return this.#open !== null
  }

  /** Opens the socket, and again whenever it is over, until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let pauseMs = this.#pace.reopenMs; !signal.aborted; ) {
      const openedBefore = this.#opened
      const ended = await this.#once(signal).catch((error: unknown) => error)
      if (signal.aborted) return
      if (ended instanceof ConnectorError) {
        this.#note(ended)
      } else if (ended !== 'replaced') {
        this.#bug = ended
        this.#wake()
        return
      }
      const wasOpen = this.#opened > openedBefore
      if (wasOpen) pauseMs = this.#pace.reopenMs
      // One that was open makes way for the next at once. Else a server may end each session that we come with.
      if (wasOpen && ended === 'replaced') continue
      await sleep(pauseMs * (0.5 + Math.random()), signal)
      pauseMs = Math.min(pauseMs * 2, this.#pace.reopenMaxMs)
    }
  }

  /** What was told since this was last asked. Throws what only a mistake of ours can have thrown in the background. */
  take(): Told {
    if (this.#bug !== undefined) throw this.#bug
    const texts = this.#waiting
    const dropped = this.#dropped
    this.#waiting = []
    this.#characters = 0
    this.#dropped = false
    const records: EventRecord[] = []
    let unreadable = 0
    for (const text of texts) {
      const frame = parseJson(text)
      if (isObject(frame) && frame.Event === undefined && isObject(frame.Response)) continue
      const record = isObject(frame) ? eventRecord(frame.Event, frame.id) : null
      if (record === null) unreadable += 1
      else records.push(record)
    }
    return { records, unreadable, dropped }
  }

  /** Resolves when something waits, when the socket was opened or is over, or after so long. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || this.#dropped || this.#bug !== undefined) return
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, AbortSignal.any([signal, woken.signal]))
    this.#wake = () => {}
  }

  /** The log holds what the socket, open all the while, did not tell. */
  reopen(): void {
    if (performance.now() - this.#deafAt < this.#deafPauseMs || this.#open === null) return
    const isAgain = performance.now() - this.#deafAt < 2 * this.#deafPauseMs
    this.#deafPauseMs = isAgain ? Math.min(this.#deafPauseMs * 2, deafPauseMaxMs) : deafPauseMs
    this.#deafAt = performance.now()
    this.#isDeaf = true
    this.#context.log('warn', 'events.socket-silent')
    this.#open.close()
  }

  /** One socket, from its first step to its end; throws what broke it. */
  async #once(signal: AbortSignal): Promise<'replaced'> {
    const session = await this.#session.id(signal)
    const over = new AbortController()
    const stop = AbortSignal.any([signal, over.signal])
    const forget = this.#session.onChange(() => over.abort(replaced))
    try {
      const socket = await this.#begin(session, stop)
      this.#open = socket
      this.#opened += 1
      this.#wake()
      const trouble = this.#trouble.over()
      if (trouble !== null) this.#context.log('info', 'events.socket-back', { count: trouble.count })
      void socket.over.then((error) => over.abort(this.#isDeaf ? replaced : error))
      await this.#tend(socket, stop)
      throw stop.reason
    } catch (error) {
      if (stop.reason === replaced) return 'replaced'
      throw error
    } finally {
      forget()
      over.abort(replaced)
      this.#open = null
      this.#isDeaf = false
      this.#wake()
    }
  }

  /** The steps, each after the one before: else everything looks fine, and no event ever comes. */
  async #begin(session: string, stop: AbortSignal): Promise<HttpSocket> {
    const answer = Promise.withResolvers<string>()
    let isGreeted = false
    const socket = await this.#context.http.openSocket(
      {
        path: '/wsapi',
        route: '/wsapi',
        headers: { 'bs-session-id': session },
        onMessage: (text) => {
          if (isGreeted) this.#hear(text, socket)
          else answer.resolve(text)
        },
      },
      stop,
    )
    try {
      socket.send(`bs-session-id=${session}`)
      const waiting = new AbortController()
      const late = sleep(this.#pace.greetMs, AbortSignal.any([stop, waiting.signal]))
      const said = await Promise.race([answer.promise, socket.over, late])
      waiting.abort()
      stop.throwIfAborted()
      if (typeof said !== 'string') throw said ?? unanswered()
      isGreeted = true
      if (parseAnswer({ text: said }).code !== '0') throw refused()
      await this.#client.startEvents(stop)
      return socket
    } catch (error) {
      socket.close()
      throw error
    }
  }

  /** Its TCP connection may be gone, and its session may be dead, without a word. */
  async #tend(socket: HttpSocket, stop: AbortSignal): Promise<void> {
    try {
      for (let startedAt = performance.now(); ; ) {
        await sleep(this.#pace.pingMs, stop)
        if (stop.aborted) return
        await socket.ping()
        if (performance.now() - startedAt < this.#pace.startMs) continue
        await this.#client.startEvents(stop)
        startedAt = performance.now()
      }
    } finally {
      socket.close()
    }
  }

  #hear(text: string, socket: HttpSocket): void {
    this.#characters += text.length
    this.#waiting.push(text)
    if (this.#characters > this.#pace.waitingMax) {
      this.#waiting = []
      this.#characters = 0
      this.#dropped = true
    }
    // Whatever answers once events flow says that they end: such as a session that is dead.
    if (/^\s*\{\s*"Response"/.test(text) && parseAnswer({ text }).code !== '0') socket.close()
    this.#wake()
  }

  #note(error: ConnectorError): void {
    if (!this.#trouble.failed(error.code)) return
    this.#context.log('warn', 'events.socket-failed', { code: error.code as `${string}.${string}` })
  }
}

function unanswered(): ConnectorError {
  const hint = 'The server opened a socket and did not answer the session on it in time.'
  return ownFailure('transient', 'biostar2.socket-unanswered', hint)
}

function refused(): ConnectorError {
  return ownFailure('transient', 'biostar2.socket-refused', 'The server did not accept the session on the socket.')
}
