/** The bare loop beside events: reads them from the door system, writes them as they are, and posts them, with nothing in between. */
import pg from 'pg'
import { Pool } from 'undici'
import { reportedEvent } from '../connectors/biostar2/events/mapping.ts'
import { eventRecord } from '../connectors/biostar2/events/record.ts'
import type { ReportedEvent } from '../src/connector/contract.ts'
import { postBare } from './bare-post.ts'
import { answerParent } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { logIn } from './log-in.ts'
import { insertPlain, plainEvent } from './plain-events.ts'
import type { ReceiverFacts } from './receiver-child.ts'

export interface RelayRequest {
  readonly facts: SimulatorFacts
  readonly receiver: ReceiverFacts
  readonly database: pg.ClientConfig
  /** The row of the door system's log that the events come after. */
  readonly after: number
  readonly events: number
}

/** As the gateway's connectors ask and post. */
const pageRows = 1000
const batchEvents = 500

answerParent({
  /** In how many ms. The next page is asked for while one is written and posted. */
  async relay({ facts, receiver, database, after, events }: RelayRequest): Promise<number> {
    const doors = new Pool(facts.url, { connections: 1, connect: { ca: facts.ca } })
    const hook = new Pool(new URL(receiver.url).origin, { connections: 1, connect: { ca: receiver.ca } })
    const client = new pg.Client({ ...database, options: '-c search_path=gatehouse' })
    await client.connect()
    try {
      const session = await logIn(doors, facts)
      const begun = performance.now()
      let done = 0
      for (let page = pageAfter(doors, session, after); done < events; ) {
        const reported = await page
        if (reported.length === 0) throw new Error('the log of the door system ends too early')
        const first = done + 1
        done += reported.length
        if (done < events) page = pageAfter(doors, session, after + done)
        const receivedAt = new Date()
        await insertPlain(
          client,
          reported.map((each, i) => plainEvent(first + i, receivedAt, each)),
        )
        for (let at = 0; at < reported.length; at += batchEvents)
          await postBare(hook, receiver, reported.slice(at, at + batchEvents), first + at)
      }
      return performance.now() - begun
    } finally {
      await Promise.all([doors.close(), hook.close(), client.end()])
    }
  },
})

async function pageAfter(pool: Pool, session: string, row: number): Promise<ReportedEvent[]> {
  const conditions = [{ column: 'id', operator: 5, values: [String(row)] }]
  const orders = [{ column: 'id', descending: false }]
  const answer = await pool.request({
    method: 'POST',
    path: '/api/events/search',
    headers: { 'bs-session-id': session, 'content-type': 'application/json' },
    body: JSON.stringify({ Query: { limit: pageRows, conditions, orders } }),
  })
  const { EventCollection } = (await answer.body.json()) as { EventCollection: { rows: readonly unknown[] } }
  return EventCollection.rows.map(reportedOf)
}

function reportedOf(row: unknown): ReportedEvent {
  const record = eventRecord(row)
  if (record === null) throw new Error('a row of the log of the door system is none')
  return reportedEvent(record, () => null, {}, new Date())
}
