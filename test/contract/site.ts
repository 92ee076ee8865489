/** A freshly started system whose events are followed as the engine does it, with everything that is said being listened to. */
import type { EventBatch, EventsCapability, ReportedEvent } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { accessEvent } from '../../src/model/events/event.ts'
import type { EventsSimulator, EventsSubject } from './events-subject.ts'
import { Listener } from './secrecy.ts'

export const never = new AbortController().signal

/** What the engine has kept: events by key, and the cursor that came with them. */
export interface Kept {
  readonly events: Map<string, ReportedEvent['event']>
  readonly batches: EventBatch[]
  cursor: string | null
}

export interface Site extends AsyncDisposable {
  readonly subject: EventsSubject
  readonly simulator: EventsSimulator
  readonly listener: Listener
  readonly kept: Kept
  /** Another process with the same settings. */
  connect(wrong?: 'password' | 'certificate'): Promise<EventsCapability>
  /** Follows from the cursor until what is kept is enough; what ends it before is begun again, as often as it takes. */
  followUntil(enough: (kept: Kept) => boolean): Promise<void>
  /** Follows with another connection until it has a cursor. */
  began(): Promise<void>
  /** Numbers of the cards that were told, in the order in which they were kept. */
  readonly cards: readonly string[]
}

/** More than any test arms faults. */
const restartsMax = 60

export async function startSite(subject: EventsSubject): Promise<Site> {
  const simulator = await subject.start()
  const listener = new Listener()
  for (const secret of simulator.secrets) listener.forbid('secret', secret)
  const closing: (() => Promise<void>)[] = []
  const kept: Kept = { events: new Map(), batches: [], cursor: null }

  async function connect(wrong?: 'password' | 'certificate'): Promise<EventsCapability> {
    const { connector } = subject
    const settings = connector.settings.parse(simulator.settings(wrong))
    const address = connector.address(settings)
    if (address === null) throw new Error('a connector with events has an address')
    const limits = { concurrency: connector.limits.concurrency, requestsPerSecond: 10_000, requestTimeoutMs: 2000 }
    const egress = openEgress({ ...address, ...limits })
    const context = { http: listener.watching(egress.http), log: listener.log, now: () => new Date() }
    const connection = await connector.connect(settings, context, never)
    closing.push(async () => {
      await connection.close()
      await egress.close()
    })
    return { follow: (cursor, signal) => heard(connection.events.follow(cursor, signal), listener) }
  }

  function keep(batch: EventBatch): void {
    if (batch.events.length > 1000) throw new Error('a batch has more than 1,000 events')
    if ((batch.cursor?.length ?? 0) > 65_536) throw new Error('a cursor is longer than 64 KiB')
    for (const { key, event } of batch.events) {
      if (key.length > 200) throw new Error('a key is longer than 200 characters')
      const before = kept.events.get(key)
      if (before !== undefined && JSON.stringify(essence(before)) !== JSON.stringify(essence(event)))
        throw new Error('one key stands for two events')
      if (before === undefined) kept.events.set(key, accessEvent.parse(event))
    }
    kept.batches.push(batch)
    kept.cursor = batch.cursor ?? kept.cursor
  }

  async function followUntil(enough: (kept: Kept) => boolean): Promise<void> {
    const events = await connect()
    for (let restarts = 0; restarts < restartsMax; restarts += 1) {
      try {
        for await (const batch of events.follow(kept.cursor, never)) {
          keep(batch)
          if (enough(kept)) return
        }
      } catch (error) {
        if (!(error instanceof ConnectorError)) throw error
      }
    }
    throw new Error('what was to be told was not')
  }

  return {
    subject,
    simulator,
    listener,
    kept,
    connect,
    followUntil,
    began: () => followUntil(({ cursor }) => cursor !== null),
    get cards() {
      return [...kept.events.values()].flatMap(({ cardNumber }) => cardNumber ?? [])
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing) await close()
      await simulator[Symbol.asyncDispose]()
    },
  }
}

/** What is the same however an event is told: a name or a detail may be told by one way only. */
function essence({ type, at, account, cardNumber, door, vendor }: ReportedEvent['event']) {
  return { type, at, account, cardNumber, door: door?.id ?? null, code: vendor.code }
}

/** Everything about people in what comes out is forbidden anywhere else. */
async function* heard(batches: AsyncIterable<EventBatch>, listener: Listener): AsyncGenerator<EventBatch> {
  try {
    for await (const batch of batches) {
      for (const { event } of batch.events) {
        listener.forbid('account', event.account)
        listener.forbid('card', event.cardNumber)
        listener.forbid('door', event.door?.name)
        listener.forbid('reader', event.reader?.name)
      }
      yield batch
    }
  } catch (error) {
    listener.hear(error)
    throw error
  }
}
