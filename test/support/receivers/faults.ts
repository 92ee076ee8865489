/** How a receiver that speaks HTTP misbehaves when a test tells it to. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export type Fault = {
  /** Whether it takes in what was sent before it misbehaves, so that a second try brings it twice. Default false. */
  readonly taken?: boolean
} & (
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Reads the request and never answers. */
  | { readonly hang: true }
  /** Cuts the connection instead of an answer, or in the middle of one with status 200. */
  | { readonly cut: 'unanswered' | 'half-answered' }
  | { readonly redirect: string; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** Takes the request in and answers as usual, but so much later. */
  | { readonly slowMs: number }
  /** Takes the request in and answers 200 with so many bytes. */
  | { readonly hugeBytes: number }
  /** Takes the request in and answers 200 with a byte every 50 ms, without an end. */
  | { readonly drip: true }
)

export interface FaultPlan {
  /** From now on; null is well again. */
  always(fault: Fault | null): void
  /** For the next so many requests, before what `always` says. */
  next(fault: Fault, times?: number): void
}

export interface Faults extends FaultPlan {
  /** What the request that is here now gets. */
  take(): Fault | null
}

export function faultPlan(): Faults {
  const queue: Fault[] = []
  let standing: Fault | null = null
  return {
    always: (fault) => {
      standing = fault
    },
    next: (fault, times = 1) => queue.push(...Array<Fault>(times).fill(fault)),
    take: () => queue.shift() ?? standing,
  }
}

/** Whether the receiver is to take in what was sent. */
export function takesIn(fault: Fault | null): boolean {
  if (fault === null) return true
  return fault.taken ?? ('slowMs' in fault || 'hugeBytes' in fault || 'drip' in fault)
}

/** Answers, or not, as `fault` says; `answer` is the usual answer. */
export function misbehave(
  fault: Fault,
  { socket }: Pick<IncomingMessage, 'socket'>,
  response: ServerResponse,
  answer: () => void,
): void {
  if ('hang' in fault) return
  if ('slowMs' in fault) {
    const timer = setTimeout(answer, fault.slowMs)
    response.once('close', () => clearTimeout(timer))
  } else if ('redirect' in fault) {
    response.writeHead(fault.status ?? 307, { location: fault.redirect }).end()
  } else if ('cut' in fault) {
    if (fault.cut === 'unanswered') socket.destroy()
    else response.writeHead(200, { 'content-length': '100' }).write('half', () => socket.destroy())
  } else if ('hugeBytes' in fault) {
    response.writeHead(200, { 'content-length': String(fault.hugeBytes) })
    pour(response, fault.hugeBytes)
  } else if ('drip' in fault) {
    const timer = setInterval(() => response.write('.'), 50)
    response.writeHead(200).once('close', () => clearInterval(timer))
  } else {
    response.writeHead(fault.status, fault.headers).end(fault.body)
  }
}

const piece = Buffer.alloc(65_536, 'x')

/** As fast as the client reads, and no faster. */
function pour(response: ServerResponse, bytes: number): void {
  let left = bytes
  const more = (): void => {
    while (left > 0) {
      const part = piece.subarray(0, Math.min(left, piece.length))
      left -= part.length
      if (!response.write(part)) return
    }
    response.off('drain', more).end()
  }
  response.on('drain', more)
  more()
}
