/** Server-sent events: told in order as they come, cut off when the reader is too slow, and over within a second of the token. */
import { errorCode } from '../model/error-code.ts'
import { sleep } from '../model/sleep.ts'
import type { Log } from '../telemetry/log.ts'
import type { EventActs } from './acts/events.ts'

/** So often is looked for what is new, and for whether the token still lives. */
const lookEveryMs = 250
const allowedEveryMs = 500
const heartbeatMs = 15_000
/** Who has not taken what was sent so long ago is cut off; they go on where they were. */
const slowMs = 30_000
const page = 200
/** As much as waits for the reader here; the socket holds some more. */
const bufferedBytes = 256 * 1024

export interface StreamParts {
  readonly cursor: string
  readonly follow: boolean
  readonly tail: EventActs['tail']
  readonly isAllowed: () => Promise<boolean>
  readonly log: Log
  readonly request: string
}

export function streamEvents(parts: StreamParts): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  let wanted = (): void => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const room = async (): Promise<boolean> => {
          if ((controller.desiredSize ?? 0) > 0) return true
          const taken = new Promise<void>((resolve) => {
            wanted = resolve
          })
          const over = new AbortController()
          await Promise.race([taken, sleep(slowMs, AbortSignal.any([gone.signal, over.signal]))])
          over.abort()
          return (controller.desiredSize ?? 0) > 0
        }
        const send = async (text: string): Promise<boolean> => {
          if (gone.signal.aborted || !(await room())) return false
          controller.enqueue(Buffer.from(text))
          return true
        }
        run(parts, gone.signal, send)
          .catch((error: unknown) => {
            if (!gone.signal.aborted)
              parts.log.warn({ event: 'events.stream-cut', request: parts.request, code: errorCode(error) }, 'events')
          })
          .finally(() => {
            if (!gone.signal.aborted) controller.close()
          })
      },
      pull() {
        wanted()
      },
      cancel() {
        gone.abort(new Error('gone'))
        wanted()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: bufferedBytes }),
  )
}

/** Returns when the reader is gone or too slow, the token is over, or (without `follow`) there is nothing more. */
async function run(
  { cursor, follow, tail, isAllowed }: StreamParts,
  gone: AbortSignal,
  send: (text: string) => Promise<boolean>,
): Promise<void> {
  let at = cursor
  let allowedAt = performance.now()
  let saidAt = performance.now()
  if (!(await send(': gatehouse\n\n'))) return
  while (!gone.aborted) {
    if (performance.now() - allowedAt >= allowedEveryMs) {
      if (!(await isAllowed())) return
      allowedAt = performance.now()
    }
    const told = await tail(at, page)
    for (const { event, cursor: behind } of told.events) {
      if (!(await send(`id: ${behind}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`))) return
      saidAt = performance.now()
    }
    const moved = told.cursor !== at
    at = told.cursor
    if (moved) continue
    if (!follow) return
    if (performance.now() - saidAt >= heartbeatMs) {
      // Where to go on moves also when nothing could be told.
      if (!(await send(`id: ${at}\n: heartbeat\n\n`))) return
      saidAt = performance.now()
    }
    await sleep(lookEveryMs, gone)
  }
}
