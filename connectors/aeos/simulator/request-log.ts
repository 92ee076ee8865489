/** The record of every request: enough to count and to prove what was asked for. Messages are kept only when the options say so. */
import type { FaultKind } from './faults.ts'

export interface RequestEntry {
  n: number
  /** ISO moment on the simulator's clock. */
  at: string
  /** Name of the operation, the root element when it is none, `?wsdl` for the description. */
  operation: string
  /** Whether the operation changes something. */
  writes: boolean
  /** The user name that was sent, whether the login was right or not. */
  user: string
  /** null while under way and when no answer was sent. */
  status: number | null
  /** ErrorCode of a fault. */
  faultCode: number | null
  durationMs: number | null
  /** Carriers the request was about. Page reads name nobody. */
  carriers: readonly number[]
  fault: FaultKind | null
}

export interface RequestFilter {
  carrier?: number
  /** Regular expression on the name of the operation. */
  operation?: string
  writes?: boolean
}

export class RequestLog {
  readonly #kept: number
  readonly #messagesKept: number
  #entries: RequestEntry[] = []
  #messages: string[] = []
  #count = 0

  constructor(kept: number, messagesKept: number) {
    this.#kept = kept
    this.#messagesKept = messagesKept
  }

  /** All requests since the start, those no longer kept included. */
  get count(): number {
    return this.#count
  }

  open(operation: string, writes: boolean, user: string, atMs: number): RequestEntry {
    const entry: RequestEntry = {
      n: ++this.#count,
      at: new Date(atMs).toISOString(),
      operation,
      writes,
      user,
      status: null,
      faultCode: null,
      durationMs: null,
      carriers: [],
      fault: null,
    }
    this.#entries.push(entry)
    // Halving now and then costs less than shifting at every request.
    if (this.#entries.length > this.#kept * 2) this.#entries = this.#entries.slice(-this.#kept)
    return entry
  }

  noteMessage(message: Buffer): void {
    if (this.#messagesKept === 0 || message.length === 0) return
    this.#messages.push(message.toString('utf8'))
    if (this.#messages.length > this.#messagesKept) this.#messages.shift()
  }

  /** The last messages as they came, oldest first; how many says the option `messagesKept`. */
  messages(): readonly string[] {
    return this.#messages
  }

  find({ carrier, operation, writes }: RequestFilter = {}): RequestEntry[] {
    const pattern = operation === undefined ? null : new RegExp(operation)
    return this.#entries
      .slice(-this.#kept)
      .filter(
        (entry) =>
          (carrier === undefined || entry.carriers.includes(carrier)) &&
          (writes === undefined || entry.writes === writes) &&
          (pattern === null || pattern.test(entry.operation)),
      )
  }

  clear(): void {
    this.#entries = []
    this.#messages = []
    this.#count = 0
  }
}
