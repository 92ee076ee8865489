/** Sends events to a syslog server, and says that they are with it only when the server has shown that it read them. */
import type { Delivered, OutgoingEvent, SinkCapability, SinkContext } from '../../src/connector/contract.ts'
import type { Wire } from '../../src/connector/wire.ts'
import { frameOf } from './message.ts'
import type { SyslogSettings } from './settings.ts'

/** Where nothing is confirmed: what was written last on one connection, and goes out again on the next. */
const keptBytesMax = 1024 * 1024

export interface SyslogSink {
  readonly sink: SinkCapability
  close(): void
}

/** Connects with the first batch. What is longer than the server takes is refused (`syslog.too-long`); all else throws as the wire does. */
export function createSink(settings: SyslogSettings, { wires }: SinkContext): SyslogSink {
  let wire: Wire | null = null
  let kept: Buffer[] = []

  /** The server reads until our end, and ends the connection then: it has all of it. */
  async function confirmed(bytes: Buffer, signal: AbortSignal): Promise<void> {
    wire = await wires.open(signal)
    try {
      await wire.write(bytes, signal)
      await wire.finish(signal)
    } finally {
      wire.close()
    }
  }

  /** What was written before a connection broke may be lost: it goes first on the next one. */
  async function unconfirmed(bytes: Buffer, signal: AbortSignal): Promise<void> {
    if (wire === null || wire.over.aborted) {
      wire = await wires.open(signal)
      if (kept.length > 0) await wire.write(Buffer.concat(kept), signal)
    }
    await wire.write(bytes, signal)
    wire.over.throwIfAborted()
    kept.push(bytes)
    while (kept.length > 1 && total(kept) > keptBytesMax) kept = kept.slice(1)
  }

  return {
    sink: {
      batch: { events: 500, bytes: 1024 * 1024 },
      async deliver(events, signal): Promise<Delivered> {
        signal.throwIfAborted()
        const { bytes, refused } = framesOf(events, settings)
        if (bytes.length > 0) await (settings.confirm === 'none' ? unconfirmed : confirmed)(bytes, signal)
        return { refused, status: null }
      },
    },
    close: () => wire?.close(),
  }
}

function total(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

function framesOf(
  events: readonly OutgoingEvent[],
  settings: SyslogSettings,
): { readonly bytes: Buffer; readonly refused: Delivered['refused'] } {
  const frames = events.map((event) => frameOf(event, settings))
  return {
    bytes: Buffer.concat(frames.filter((frame) => frame !== null)),
    refused: frames.flatMap((frame, index) => (frame === null ? [{ index, code: 'syslog.too-long' }] : [])),
  }
}
