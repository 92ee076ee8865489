/** What works with events in the gateway, without the rest of it: keys and configuration of a site, on its database. */
import type pg from 'pg'
import { loadConfig } from '../config/load.ts'
import type { EventsContext } from '../src/events/context.ts'
import { configurable } from '../src/main/connections.ts'
import { buildEvents } from '../src/main/events-context.ts'
import { openConfiguredVault } from '../src/main/open-vault.ts'
import { openDatabase } from '../src/store/database.ts'
import { createLog } from '../src/telemetry/log.ts'
import { createMetrics } from '../src/telemetry/metrics.ts'

export interface EventsRequest {
  /** Path of the configuration. */
  readonly config: string
  readonly database: pg.ClientConfig
}

const log = createLog({ level: 'warn', human: false, write: (line) => void process.stderr.write(line) })

/** Its database is the caller's to close. */
export async function openEvents({ config: path, database: given }: EventsRequest): Promise<EventsContext> {
  const config = await loadConfig(path, { env: process.env, connectors: configurable })
  const { vault } = openConfiguredVault(config, log, true)
  return buildEvents(config, { database: openDatabase(given), vault, log, metrics: createMetrics() })
}
