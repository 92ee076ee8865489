/** Writes events into a data stream, each under its own id, so that what comes again is known; and only where no stranger can read them. */
import { z } from 'zod'
import type { Delivered, OutgoingEvent, SinkCapability, SinkContext } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { worstOf } from '../../src/connector/worst-of.ts'
import type { Answer, Cluster } from './client.ts'
import { documentOf } from './document.ts'
import { type Fate, failureOf, fateOf, notUnderstood } from './errors.ts'
import { assertClosed } from './front-door.ts'
import type { ElasticsearchSettings } from './settings.ts'
import { prepareStream } from './template.ts'

/** So often a cluster is asked again whether it turns strangers away. */
const provenForMs = 5 * 60_000

const bulkAnswer = z.object({
  items: z.array(z.object({ create: z.object({ status: z.int(), error: z.object({ type: z.string() }).optional() }) })),
})

/** `opened`: the cluster, once somebody needs it. Throws ConnectorError `elasticsearch.*` where anything of a batch has to come again. */
export function createSink(
  settings: ElasticsearchSettings,
  { http, now }: SinkContext,
  opened: () => Promise<Cluster>,
): SinkCapability {
  const stream = settings.data_stream
  let provenAt: number | null = null
  let isPrepared = false
  /** Of the batch that was taken in part: those that need not be sent again. */
  const kept = new Set<string>()

  async function prepare(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const at = now().getTime()
    if (provenAt === null || Math.abs(at - provenAt) > provenForMs) {
      await assertClosed(http, now(), signal)
      provenAt = at
    }
    if (!isPrepared) await prepareStream(cluster, stream, now(), signal)
    isPrepared = true
  }

  async function write(cluster: Cluster, events: readonly OutgoingEvent[], signal: AbortSignal): Promise<Fate[]> {
    const operations = events.flatMap((event) => [{ create: { _id: event.id } }, documentOf(event)])
    // Reasons are left where they are: they show what stands in the document.
    const filter_path = ['items.*.status', 'items.*.error.type']
    const answer = await cluster.call(
      (client, options) => client.bulk({ index: stream, filter_path, operations }, options),
      signal,
    )
    return fatesOf(answer, events.length, now())
  }

  return {
    batch: { events: settings.batch_events, bytes: settings.batch_bytes },
    async deliver(events, signal): Promise<Delivered> {
      signal.throwIfAborted()
      const rest = events.flatMap((event, index) => (kept.has(event.id) ? [] : [{ event, index }]))
      if (rest.length === events.length) kept.clear()
      const refused: Delivered['refused'][number][] = []
      try {
        const cluster = await opened()
        await prepare(cluster, signal)
        const sent = rest.map(({ event }) => event)
        const fates = sent.length === 0 ? [] : await write(cluster, sent, signal)
        for (const [at, { event, index }] of rest.entries()) {
          if (fates[at] === 'taken') kept.add(event.id)
          else if (fates[at] === 'refused') refused.push({ index, code: 'elasticsearch.refused' })
        }
        const failure = worstOf(fates.filter((fate) => fate !== 'taken' && fate !== 'refused'))
        if (failure !== null) throw new ConnectorError(failure)
      } catch (error) {
        // It may come back as another one than it was: with its security off, or without the data stream.
        if (!(error instanceof ConnectorError) || error.kind !== 'throttled') {
          provenAt = null
          isPrepared = false
        }
        throw error
      }
      for (const { id } of events) kept.delete(id)
      return { refused, status: 200 }
    },
  }
}

/** A client takes any 2xx for success: only an answer about each document is one. */
function fatesOf(answer: Answer, count: number, now: Date): Fate[] {
  if (answer.status !== 200) throw failureOf(answer, now)
  const parsed = bulkAnswer.safeParse(answer.body)
  if (!parsed.success || parsed.data.items.length !== count) throw new ConnectorError(notUnderstood)
  return parsed.data.items.map(({ create: { status, error } }) => fateOf(status, error?.type))
}
