/** Builds what everything about events works with from the configuration and the opened parts. */
import type { Config } from '../../config/config.ts'
import type { EventSource, EventsContext } from '../events/context.ts'
import { openFiling } from '../events/filing.ts'
import { RecentEvents } from '../events/recent.ts'
import { compileSite, noSite, type SiteOf } from '../mapping/event-site.ts'
import type { Database } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Vault } from '../vault/vault.ts'
import { codedLog } from './coded-log.ts'

export function buildEvents(
  config: Pick<Config, 'sources' | 'targets' | 'events'>,
  {
    database,
    vault,
    log,
    metrics,
  }: { readonly database: Database; readonly vault: Vault; readonly log: Log; readonly metrics: Metrics },
): EventsContext {
  const targets = Object.entries(config.targets).flatMap(([id, { events }]) =>
    events === null ? [] : [{ id, siteOf: siteOf(events) }],
  )
  const masters = Object.entries(config.sources).flatMap(([id, { events }]) =>
    events === null ? [] : [{ id, siteOf: siteOf(events), byRecord: true as const }],
  )
  return {
    database,
    vault,
    sources: new Map([...targets, ...masters].map((each): [string, EventSource] => [each.id, each])),
    keepMs: config.events.keepMs,
    filing: openFiling(vault),
    owners: new Map(),
    recent: new RecentEvents(),
    seen: new Map(),
    log: codedLog(log, 'events'),
    metrics: {
      appended: (source, of, count) => metrics.eventsAppended.inc({ source, class: of }, count),
      other: (source, count) => metrics.eventsOther.inc({ source }, count),
      known: (source, count) => metrics.eventsKnown.inc({ source }, count),
      malformed: (source, count) => metrics.eventsMalformed.inc({ source }, count),
      lag: (source, seconds) => metrics.eventLagSeconds.observe({ source }, seconds),
    },
    since: new Date(),
    now: () => new Date(),
  }
}

function siteOf({ site }: { readonly site: string | null }): SiteOf {
  return site === null ? noSite : compileSite(site)
}
