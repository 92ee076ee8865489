/** The contract of sinks, as tests: every connector that delivers events passes them against its receiver, over real connections. */
import { performance } from 'node:perf_hooks'
import { describe, expect, test as vitestTest } from 'vitest'
import type { Delivered, OutgoingEvent } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { noCalls } from '../../src/connector/http.ts'
import type { Sealer } from '../../src/connector/sealer.ts'
import { Listener } from './secrecy.ts'
import type { SinkProvocation, SinkReceiver, SinkSubject } from './sink-subject.ts'

const never = new AbortController().signal

/** Long enough for a slow machine, and short enough to wait for. */
const timeoutMs = 2000

interface Sink extends AsyncDisposable {
  readonly receiver: SinkReceiver
  readonly listener: Listener
  readonly batch: { readonly events: number; readonly bytes: number }
  deliver(events: readonly OutgoingEvent[], signal?: AbortSignal): Promise<Delivered>
  close(): Promise<void>
  /** Another process with the same settings. */
  again(): Promise<Sink>
}

/** Event number `n`, with what must not be heard of in its data. */
export function outgoing(n: number, some: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return {
    specversion: '1.0',
    id: n.toString(16).padStart(32, 'e'),
    source: '/gatehouse/contract/hq',
    type: 'org.gatehouse.access.granted.v1',
    time: new Date(Date.UTC(2026, 10, 26, 8, 0, 0, n)).toISOString(),
    datacontenttype: 'application/json',
    sequence: String(n),
    data: { door: { id: '7', name: 'Quillgate "North" ]\\' }, person: { name: 'Zyphora Ünal\n=1+1' }, card: null, n },
    ...some,
  }
}

/** Stands for the vault: what was sealed for one place opens at no other. */
export const plainSealer: Sealer = {
  seal: (place, text) => Buffer.from(JSON.stringify({ place, text: Buffer.from(text).toString('base64') })),
  open(place, sealed) {
    const { place: of, text } = JSON.parse(sealed.toString()) as { readonly place: unknown; readonly text: string }
    if (JSON.stringify(of) !== JSON.stringify(place)) throw new Error('it is not what was sealed for this place')
    return Buffer.from(text, 'base64').toString()
  },
}

export function batchOf(count: number, from = 0): OutgoingEvent[] {
  return Array.from({ length: count }, (_, n) => outgoing(from + n))
}

function idsOf(events: readonly OutgoingEvent[]): string[] {
  return events.map(({ id }) => id)
}

async function connectTo(subject: SinkSubject, receiver: SinkReceiver, listener: Listener): Promise<Sink> {
  const { connector } = subject
  const settings = connector.settings.parse(receiver.settings)
  const address = connector.address(settings)
  const egress =
    address === null
      ? { http: noCalls, wires: { open: noCalls.request as never }, close: () => Promise.resolve() }
      : openEgress({ ...address, ...connector.limits, requestsPerSecond: 10_000, requestTimeoutMs: timeoutMs })
  const connection = await connector.connect(
    settings,
    {
      http: egress.http,
      wires: egress.wires,
      sealer: plainSealer,
      feed: 'events',
      log: listener.log,
      now: () => new Date(),
    },
    never,
  )
  const close = async () => {
    await connection.close()
    await egress.close()
  }
  return {
    receiver,
    listener,
    close,
    batch: connection.sink.batch,
    deliver: (events, signal = never) => listener.call(() => connection.sink.deliver(events, signal)),
    again: () => connectTo(subject, receiver, listener),
    [Symbol.asyncDispose]: close,
  }
}

async function failureOf(delivery: Promise<unknown>): Promise<ConnectorError> {
  const error = await delivery.then(
    (value) => new Error(`delivered: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof ConnectorError) return error
  throw error
}

export function sinkContract(subject: SinkSubject): void {
  const test = (title: string, needs: readonly SinkProvocation[], body: (sink: Sink) => Promise<void>) => {
    const reasons = needs.flatMap((need) => subject.impossible[need] ?? [])
    const why = reasons.length === 0 ? '' : ` (not here: ${reasons.join('; ')})`
    vitestTest.skipIf(reasons.length > 0)(`${title}${why}`, async () => {
      await using receiver = await subject.start()
      const listener = new Listener()
      for (const secret of receiver.secrets) listener.forbid('secret', secret)
      for (const value of ['Quillgate', 'Zyphora', outgoing(0).id.slice(0, 28)]) listener.forbid('event', value)
      await using sink = await connectTo(subject, receiver, listener)
      await body(sink)
      expect(listener.leaks()).toEqual([])
    })
  }

  /** Of what came, doubles left out, in the order of their first coming. */
  const inOrder = (received: readonly string[]) => [...new Set(received)]

  describe(`sink ${subject.name}`, () => {
    test('a batch is taken as a whole, in its order, and the one after it as well', [], async (sink) => {
      expect(sink.batch.events).toBeGreaterThan(0)
      expect(sink.batch.bytes).toBeGreaterThan(1000)
      const size = Math.min(sink.batch.events, 200)
      expect((await sink.deliver(batchOf(size))).refused).toEqual([])
      expect((await sink.deliver(batchOf(3, size))).refused).toEqual([])
      expect(await sink.receiver.received(size + 3)).toEqual(idsOf(batchOf(size + 3)))
    })

    test('what is delivered again, to another process too, makes nothing wrong', [], async (sink) => {
      await sink.deliver(batchOf(5))
      expect((await sink.deliver(batchOf(5))).refused).toEqual([])
      await sink.close()
      await using again = await sink.again()
      await again.deliver(batchOf(5))
      await again.deliver(batchOf(2, 5))
      const received = await sink.receiver.received(subject.once ? 7 : 17)
      expect(inOrder(received)).toEqual(idsOf(batchOf(7)))
      if (subject.once) expect(received).toHaveLength(7)
    })

    test('a receiver that is down takes nothing; when it is back, it takes the same batch', ['down'], async (sink) => {
      await sink.deliver(batchOf(2))
      await sink.receiver.provoke('down')
      for (let look = 0; look < 2; look++)
        expect(await failureOf(sink.deliver(batchOf(4, 2)))).toMatchObject({ kind: 'transient' })
      await sink.receiver.mend()
      await sink.deliver(batchOf(4, 2))
      expect(inOrder(await sink.receiver.received(6))).toEqual(idsOf(batchOf(6)))
    })

    test(
      'a batch that broke off in the middle is thrown, and whole when delivered again',
      ['breaks-off'],
      async (sink) => {
        await sink.receiver.provoke('breaks-off')
        expect(await failureOf(sink.deliver(batchOf(9)))).toMatchObject({ kind: 'transient' })
        await sink.deliver(batchOf(9))
        expect(new Set(await sink.receiver.received(9))).toEqual(new Set(idsOf(batchOf(9))))
      },
    )

    test('a receiver that hangs is given up in time, and cancelling gives it up at once', ['hangs'], async (sink) => {
      await sink.receiver.provoke('hangs')
      const begun = performance.now()
      expect(await failureOf(sink.deliver(batchOf(3)))).toMatchObject({ kind: 'transient' })
      expect(performance.now() - begun).toBeLessThan(4 * timeoutMs)
      const giveUp = new AbortController()
      const reason = new Error('the subscription is being handed over')
      const delivery = sink.deliver(batchOf(3), giveUp.signal)
      setTimeout(() => giveUp.abort(reason), 30)
      await expect(delivery).rejects.toBe(reason)
      await sink.receiver.mend()
      await sink.deliver(batchOf(3))
      expect(new Set(await sink.receiver.received(3))).toEqual(new Set(idsOf(batchOf(3))))
    })

    test('a signal that was given before stops everything', [], async (sink) => {
      const reason = new Error('not led here any more')
      await expect(sink.deliver(batchOf(3), AbortSignal.abort(reason))).rejects.toBe(reason)
      await sink.deliver(batchOf(1, 3))
      expect(await sink.receiver.received(1)).toEqual(idsOf(batchOf(1, 3)))
    })

    test(
      'a receiver that does not know us has taken nothing, and a person has to act',
      ['refuses-us'],
      async (sink) => {
        await sink.receiver.provoke('refuses-us')
        expect(await failureOf(sink.deliver(batchOf(2)))).toMatchObject({ kind: 'unauthenticated' })
        await sink.receiver.mend()
        await sink.deliver(batchOf(2))
        expect(await sink.receiver.received(2)).toEqual(idsOf(batchOf(2)))
      },
    )

    test('a receiver that asks us to wait is told as such, with how long', ['throttles'], async (sink) => {
      await sink.receiver.provoke('throttles')
      expect(await failureOf(sink.deliver(batchOf(2)))).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 })
    })

    test('an event that is never taken is told, and holds up no other', ['refuses-one'], async (sink) => {
      await sink.receiver.provoke('refuses-one')
      const events = batchOf(5).map((event, index) => (index === 2 ? { ...event, subject: 'refused' } : event))
      const { refused } = await sink.deliver(events)
      expect(refused).toEqual([{ index: 2, code: expect.stringMatching(/^[a-z]+\.[a-z-]+$/) }])
      expect(await sink.receiver.received(4)).toEqual(idsOf(events.toSpliced(2, 1)))
    })

    test('a receiver that is there no more says so', ['gone'], async (sink) => {
      await sink.receiver.provoke('gone')
      expect(await failureOf(sink.deliver(batchOf(2)))).toMatchObject({ kind: 'rejected', code: 'sink.gone' })
    })

    test('closing can be done twice, and leaves nothing behind', [], async (sink) => {
      await sink.deliver(batchOf(1))
      await sink.close()
      await sink.close()
      expect(await sink.receiver.received(1)).toEqual(idsOf(batchOf(1)))
    })
  })
}
