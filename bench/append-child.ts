/** The log of events without the rest of the gateway, or with nothing of it: what a connector hands over is appended, or written as it is. */
import pg from 'pg'
import { loadConfig } from '../config/load.ts'
import type { EventBatch } from '../src/connector/contract.ts'
import { appendEvents } from '../src/events/append.ts'
import type { EventsContext } from '../src/events/context.ts'
import { configurable } from '../src/main/connections.ts'
import { buildEvents } from '../src/main/events-context.ts'
import { openConfiguredVault } from '../src/main/open-vault.ts'
import { openDatabase } from '../src/store/database.ts'
import { createLog } from '../src/telemetry/log.ts'
import { createMetrics } from '../src/telemetry/metrics.ts'
import { answerParent } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { insertPlain, type PlainEvent, plainEvent } from './plain-events.ts'
import { reportedSince } from './reported-events.ts'

export interface CollectRequest {
  readonly facts: SimulatorFacts
  readonly cursor: string
  readonly events: number
}

export interface AppendRequest {
  /** Path of the configuration. */
  readonly config: string
  readonly database: pg.ClientConfig
}

/** As the site calls its door system. */
const source = 'hq'
const log = createLog({ level: 'warn', human: false, write: (line) => void process.stderr.write(line) })
let batches: EventBatch[] = []
let plain: PlainEvent[][] = []
let context: EventsContext | null = null

async function openEvents({ config: path, database: given }: AppendRequest): Promise<EventsContext> {
  const config = await loadConfig(path, { env: process.env, connectors: configurable })
  const { vault } = openConfiguredVault(config, log, true)
  return buildEvents(config, { database: openDatabase(given), vault, log, metrics: createMetrics() })
}

answerParent(
  {
    /** Has ready what is appended later; returns how many batches that is. */
    async collect({ facts, cursor, events }: CollectRequest): Promise<number> {
      batches = await reportedSince(facts, cursor, events)
      const receivedAt = new Date()
      let position = 0
      plain = batches.map((batch) =>
        batch.events.map((reported) => plainEvent(source, ++position, receivedAt, reported)),
      )
      return batches.length
    },
    /** All of it, into empty tables; returns in how many ms. */
    async append(request: AppendRequest): Promise<number> {
      context ??= await openEvents(request)
      context.seen.clear()
      const begun = performance.now()
      for (const batch of batches) await appendEvents(context, source, batch)
      return performance.now() - begun
    },
    /** The floor: the rows lie ready, and are only written. */
    async insert({ database }: AppendRequest): Promise<number> {
      const client = new pg.Client({ ...database, options: '-c search_path=gatehouse' })
      await client.connect()
      try {
        const begun = performance.now()
        for (const rows of plain) await insertPlain(client, rows)
        return performance.now() - begun
      } finally {
        await client.end()
      }
    },
  },
  async () => context?.database.close(),
)
