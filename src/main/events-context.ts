/** Builds what everything about events works with from the configuration and the opened parts. */
import type { Config } from '../../config/config.ts'
import type { EventsContext } from '../events/context.ts'
import { openFiling } from '../events/filing.ts'
import { compileSite, noSite } from '../mapping/event-site.ts'
import type { Database } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Vault } from '../vault/vault.ts'
import { syncLog } from './sync-context.ts'

export function buildEvents(
  config: Pick<Config, 'targets' | 'events'>,
  {
    database,
    vault,
    log,
    metrics,
  }: { readonly database: Database; readonly vault: Vault; readonly log: Log; readonly metrics: Metrics },
): EventsContext {
  const sources = Object.entries(config.targets).flatMap(([id, { events }]) =>
    events === null ? [] : [[id, { id, siteOf: events.site === null ? noSite : compileSite(events.site) }] as const],
  )
  return {
    database,
    vault,
    sources: new Map(sources),
    keepMs: config.events.keepMs,
    filing: openFiling(vault),
    owners: new Map(),
    seen: new Map(),
    log: syncLog(log),
    metrics: {
      appended: (source, of, count) => metrics.eventsAppended.inc({ source, class: of }, count),
      known: (source, count) => metrics.eventsKnown.inc({ source }, count),
      malformed: (source, count) => metrics.eventsMalformed.inc({ source }, count),
      lag: (source, seconds) => metrics.eventLagSeconds.observe({ source }, seconds),
    },
    since: new Date(),
    now: () => new Date(),
  }
}
