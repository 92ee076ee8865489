/** Batches of a connector, each made ready to be appended; where much waits, the next one while the one before is written. */
import type { EventBatch } from '../connector/contract.ts'
import type { EventsContext } from './context.ts'
import { prepare, type ReadyBatch } from './prepare.ts'

/** A batch of so many is one of what is caught up on: more of them wait. */
const many = 500

export interface ReadBatch {
  readonly ready: ReadyBatch
  /** More of them wait. */
  readonly isMore: boolean
  /** Makes the next one ready, if it was asked for: for whoever has nothing to do but wait for the store. */
  meanwhile(): void
}

/**
 * What comes live is not asked for ahead: it would be asked for too early, and come one by one. @throws what the connector and `pg` throw,
 * once everything before it was handed over.
 */
export async function* readAhead(
  context: EventsContext,
  source: string,
  follow: (signal: AbortSignal) => AsyncIterable<EventBatch>,
  signal: AbortSignal,
): AsyncGenerator<ReadBatch, void> {
  const over = new AbortController()
  const batches = follow(AbortSignal.any([signal, over.signal]))[Symbol.asyncIterator]()
  const made = async (asked: Promise<IteratorResult<EventBatch>>): Promise<ReadyBatch | null> => {
    const { done, value } = await asked
    return done === true ? null : prepare(context, source, value)
  }
  let asked = batches.next()
  let coming: Promise<ReadyBatch | null> | null = null
  try {
    for (;;) {
      const ready: ReadyBatch | null = await (coming ?? made(asked))
      if (ready === null) return
      coming = null
      const isMore = ready.batch.events.length >= many
      if (isMore) asked = unheard(batches.next())
      yield {
        ...{ ready, isMore },
        meanwhile: () => {
          if (isMore) coming ??= unheard(made(asked))
        },
      }
      if (!isMore) asked = batches.next()
    }
  } finally {
    over.abort(new Error('no longer followed'))
    await batches.return?.()
  }
}

/** What fails meanwhile is met when it is waited for, or nobody waits for it any more. */
function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
