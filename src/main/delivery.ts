/** Builds what delivers from the configuration and the opened parts: each subscription with its feed, its filter and its receiver. */
import type { Config, SubscriptionConfig } from '../../config/config.ts'
import type { AttendanceContext } from '../events/attendance/context.ts'
import { type DeliverContext, type SubscriptionSetup, usualPace } from '../events/deliver/context.ts'
import { eventsFeed } from '../events/deliver/events-feed.ts'
import type { Feed } from '../events/deliver/feed.ts'
import { type ReadPeople, rememberPeople } from '../events/deliver/people.ts'
import { punchesFeed } from '../events/deliver/punches-feed.ts'
import { oneAtATime } from '../events/deliver/sink-call.ts'
import { compileEventFilter, everyEvent, type PersonAttributes } from '../mapping/event-filter.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inSnapshot } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { understand } from '../sync/resolve/resolve.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { codedLog } from './coded-log.ts'
import type { ConnectedSink } from './connections.ts'

export interface Delivery {
  readonly context: DeliverContext
  /** Name of the gateway. */
  readonly gateway: string
  readonly subscriptions: ReadonlyMap<string, ConfiguredSubscription>
}

export interface ConfiguredSubscription {
  readonly setup: SubscriptionSetup
  readonly config: SubscriptionConfig
}

export function buildDelivery(
  config: Config,
  {
    attendance,
    engine,
    log,
    metrics,
  }: {
    readonly attendance: AttendanceContext
    readonly engine: SyncContext
    readonly log: Log
    readonly metrics: Metrics
  },
  sinks: ReadonlyMap<string, ConnectedSink>,
): Delivery {
  const { database, vault, now } = attendance.events
  const people = peopleOf(engine)
  const gateway = config.gateway.name
  const context: DeliverContext = {
    ...{ database, vault, now, pace: usualPace, seen: new Map(), log: codedLog(log, 'deliveries') },
    metrics: {
      delivered(subscription, count, seconds) {
        metrics.delivered.inc({ subscription }, count)
        for (const each of seconds) metrics.deliverySeconds.observe({ subscription }, each)
      },
      refused: (subscription, count) => metrics.deliveryRefused.inc({ subscription }, count),
      failed: (subscription, kind) => metrics.deliveryFailures.inc({ subscription, kind }),
    },
  }
  const subscriptions = Object.entries(config.subscriptions).flatMap(([id, subscription]) => {
    const sink = sinks.get(id)
    if (sink === undefined) return []
    const setup: SubscriptionSetup = {
      id,
      feed: feedOf(attendance, id, subscription, { gateway, people }),
      sink: oneAtATime(sink.connection.sink),
      callLimitMs: sink.callLimitMs,
    }
    return [[id, { setup, config: subscription }] as const]
  })
  return { context, gateway, subscriptions: new Map(subscriptions) }
}

function feedOf(
  attendance: AttendanceContext,
  id: string,
  { feed, filter: text, reveal }: SubscriptionConfig,
  parts: { readonly gateway: string; readonly people: ReadPeople },
): Feed {
  if (feed === 'punches') {
    const filter = text === null ? everyEvent : compileEventFilter(text, reveal, 'punches')
    return punchesFeed(attendance, { ...parts, id, reveal, filter })
  }
  const filter = text === null ? everyEvent : compileEventFilter(text, reveal)
  return eventsFeed(attendance.events, { ...parts, id, reveal, filter })
}

/** People as the sources say now; of whose rows somebody changed, nothing is told. */
function peopleOf(engine: SyncContext): ReadPeople {
  return rememberPeople(async (ids) => {
    const { database, vault, now } = engine
    const { dossiers } = await inSnapshot(database.pool, (client) => loadDossiers(client, vault, ids, { lock: false }))
    const at = now()
    return new Map(
      [...dossiers].map(([id, dossier]): readonly [typeof id, PersonAttributes] => {
        const { facts } = understand(engine, dossier, at).person
        const { employeeNumber = null, email = null, department = null } = facts
        const { givenName = null, familyName = null, preferredName = null } = facts
        return [id, { employeeNumber, givenName, familyName, preferredName, email, department }]
      }),
    )
  }, engine.now)
}
