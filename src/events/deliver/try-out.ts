/** Sends a receiver an event that never happened, beside what is delivered to it: whether it could be reached, and would take one. */
import { randomUUID } from 'node:crypto'
import { recordAudit } from '../../audit/record.ts'
import { tryOutType } from '../../connector/event-name.ts'
import { errorCode } from '../../model/error-code.ts'
import type { SubjectId } from '../../model/id.ts'
import { addDeliveries } from '../../store/subscriptions/deliveries.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { DeliverContext, SubscriptionSetup } from './context.ts'
import { callSink } from './sink-call.ts'

export interface TriedOut {
  readonly taken: boolean
  readonly status: number | null
  /** Why not; null when it did. */
  readonly code: string | null
  readonly tookMs: number
}

/** Recorded before it is sent. A receiver that does not take it is an answer; throws what `pg` throws. */
export async function tryOut(
  context: DeliverContext,
  { id, sink, callLimitMs }: SubscriptionSetup,
  gateway: string,
  subject: SubjectId,
): Promise<TriedOut> {
  const { database, vault, now } = context
  const begunAt = now()
  await inTransaction(database.pool, (client) =>
    recordAudit(client, vault, { actor: subject, action: 'subscription.tested', object: id, details: {} }),
  )
  const begun = performance.now()
  const time = begunAt.toISOString()
  const answer = await callSink(
    sink,
    [
      {
        ...{ specversion: '1.0', id: randomUUID(), source: `/gatehouse/${gateway}`, type: tryOutType },
        ...{ time, datacontenttype: 'application/json', sequence: '0', data: { type: 'test', at: time } },
      },
    ],
    callLimitMs,
    new AbortController().signal,
  ).then(
    ({ status, refused }) => ({ status, code: refused[0]?.code ?? null }),
    (error: unknown) => ({ status: null, code: errorCode(error) }),
  )
  const tookMs = Math.round(performance.now() - begun)
  await addDeliveries(database.pool, id, [
    {
      ...{ outcome: 'test', begunAt, endedAt: now(), spans: {}, batches: 1, events: 1, erased: 0, unfiltered: 0 },
      ...{ lost: 0, attempt: 1, longestMs: tookMs, ...answer },
    },
  ])
  return { taken: answer.code === null, tookMs, ...answer }
}
