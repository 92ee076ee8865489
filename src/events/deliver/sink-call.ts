/** Calls a receiver: one call at a time, each within its limit, and one that never ends holds up nobody else. */
import type { Delivered, OutgoingEvent, SinkCapability } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'

/** After its signal was given, so long a call may still take to end. */
const graceMs = 2_000

/** For everybody in this process who delivers to it, or tries whether one could. */
export function oneAtATime(sink: SinkCapability): SinkCapability {
  let last: Promise<unknown> = Promise.resolve()
  async function inTurn<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = last
    const ended = Promise.withResolvers<void>()
    last = ended.promise
    try {
      await unlessAborted(before, signal, 0)
    } catch (error) {
      // Whoever comes next still waits for the one that runs.
      before.then(() => ended.resolve())
      throw error
    }
    const call = start()
    call.then(
      () => ended.resolve(),
      () => ended.resolve(),
    )
    return unlessAborted(call, signal, graceMs)
  }
  const tend = sink.tend?.bind(sink)
  return {
    batch: sink.batch,
    deliver: (events, signal) => inTurn(() => sink.deliver(events, signal), signal),
    ...(tend === undefined ? {} : { tend: (signal) => inTurn(() => tend(signal), signal) }),
  }
}

/** @throws ConnectorError of the receiver; `transient` (`sink.no-answer`) when the limit was over; the reason of `signal` when that was given. */
export async function callSink(
  sink: SinkCapability,
  events: readonly OutgoingEvent[],
  limitMs: number,
  signal: AbortSignal,
): Promise<Delivered> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    return await sink.deliver(events, AbortSignal.any([signal, limit]))
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error
    throw new ConnectorError({
      kind: 'transient',
      code: 'sink.no-answer',
      hint: 'the receiver did not answer in time',
      outcomeUnknown: true,
      cause: error,
    })
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, grace: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const abandon = (): void => {
      timer = setTimeout(() => reject(signal.reason), grace)
    }
    if (signal.aborted) abandon()
    else signal.addEventListener('abort', abandon, { once: true })
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abandon)
    })
  })
}
