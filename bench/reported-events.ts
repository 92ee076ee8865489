/** What a connector hands over of events, batch by batch, as it does to the gateway. */
import type { EventBatch } from '../src/connector/contract.ts'
import { connectTo } from './connect.ts'
import type { SimulatorFacts } from './door-systems.ts'

/** Everything after a place, up to so many events. */
export async function reportedSince(facts: SimulatorFacts, cursor: string, events: number): Promise<EventBatch[]> {
  const batches: EventBatch[] = []
  let count = 0
  for await (const batch of follow(facts, cursor)) {
    if (batch.events.length > 0) batches.push(batch)
    count += batch.events.length
    if (count >= events) break
  }
  return batches
}

/** Where the log of the door system ends now. */
export async function endOfLog(facts: SimulatorFacts): Promise<string> {
  for await (const { cursor } of follow(facts, null)) if (cursor !== undefined) return cursor
  throw new Error('the connector tells no cursor')
}

async function* follow(facts: SimulatorFacts, cursor: string | null): AsyncGenerator<EventBatch> {
  const { signal } = new AbortController()
  const connection = await connectTo(facts, 1, signal)
  try {
    yield* connection.events.follow(cursor, signal)
  } finally {
    await connection.close()
  }
}
