/** What is made of one version of the configuration: connections, engine, roles and acts. The next version replaces it as a whole. */
import { createApp } from '../api/app.ts'
import type { Api } from '../api/env.ts'
import { allowedHosts, type ListenSettings } from '../api/listen.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import type { EventsCapability } from '../connector/contract.ts'
import type { EventsContext } from '../events/context.ts'
import type { InForce } from '../sync/configuration/in-force.ts'
import type { SyncContext } from '../sync/context.ts'
import { replayErasures } from '../sync/erasure/replay.ts'
import { relockOnce } from '../sync/restored/relock.ts'
import { createActs } from './acts.ts'
import { type OpenedWebhook, openAlarmWebhook } from './alarm-webhook.ts'
import { buildAttendance } from './attendance-context.ts'
import { type Connected, connectSink, connectSource, connectTarget } from './connections.ts'
import { buildDelivery } from './delivery.ts'
import { startDeliveryRole } from './delivery-role.ts'
import { buildEvents } from './events-context.ts'
import { fileSealer } from './file-sealer.ts'
import { registerConfigured } from './open-store.ts'
import type { Opened } from './opened.ts'
import { type Scheduler, startSchedulerRole } from './scheduler-role.ts'
import { buildEngine } from './sync-context.ts'
import { type Role, startWorkerRole } from './worker-role.ts'

export interface Generation {
  readonly version: InForce
  /** Starts the roles; answers the API's requests from now on with what is returned, null without that role. */
  begin(): Promise<Api | null>
  /** Writes nothing more to any target; what runs has `withinMs`, then it is handed back. */
  leaveTargets(withinMs: number): Promise<void>
  /** Everything else as well. */
  end(): Promise<void>
}

/** So long may a target take to be told goodbye while others wait for its place. */
const goodbyeMs = 1_000

/** Connects, and starts nothing. @throws ConfigError, GatewayError when this process can't run this version; then nothing stays open. */
export async function prepareGeneration(opened: Opened, version: InForce, listen: ListenSettings): Promise<Generation> {
  const { read, vault, keyring, standings, traces, store, wakeUps, metrics, log, roles, facts } = opened
  const { database } = store
  const name = `the released configuration (version ${version.row.number})`
  const config = await read({ deciding: version.deciding, name })
  await registerConfigured(
    database,
    Object.keys(config.sources),
    Object.keys(config.targets),
    Object.keys(config.subscriptions),
  )
  const targets = connecting(Object.keys(config.targets), (id, signal) =>
    connectTarget(config, id, { log, traces, vault }, signal),
  )
  const sources = connecting(Object.keys(config.sources), (id, signal) =>
    connectSource(config, id, { log, traces }, signal),
  )
  const receivers = connecting(Object.keys(config.subscriptions), (id, signal) =>
    connectSink(config, id, { log, traces, sealer: fileSealer(vault, id) }, signal),
  )
  let told: OpenedWebhook | null = null
  const closeAll = async (): Promise<void> => {
    await Promise.all([targets.close(), sources.close(), receivers.close(), told?.close()])
  }

  try {
    told = openAlarmWebhook(config)
    const webhook = told?.webhook ?? null
    const readers = await sources.all
    const engine = buildEngine(
      config,
      {
        ...{ database, vault, keyring, standings, log, metrics, traces, version: version.row.number },
        photoSource: photosOf(readers),
      },
      await targets.all,
    )
    const events = buildEvents(config, { database, vault, log, metrics })
    const attendance = buildAttendance(config, events, engine.context)
    const followed = followedOf(events, 'target', await targets.all)
    const mastersFollowed = followedOf(events, 'source', readers)
    const delivery = buildDelivery(config, { attendance, engine: engine.context, log, metrics }, await receivers.all)
    await engine.levels.reload()
    // Before anything else is done: an older database may hold people who were erased since.
    await replayErasures(engine.context)
    await relockOnce(engine.context)
    let worker: Role | null = null
    let scheduler: Scheduler | null = null
    let deliveries: Role | null = null
    return {
      version,
      async begin() {
        if (roles.includes('worker'))
          worker = await startWorkerRole(engine, wakeUps, log, { context: events, followed })
        if (roles.includes('worker')) deliveries = startDeliveryRole(delivery, store.runtime, log)
        if (roles.includes('scheduler'))
          scheduler = startSchedulerRole({
            ...{ opened, engine, events, attendance, delivery, version, webhook, sources: readers },
            followed: mastersFollowed,
            dataFolder: config.gateway.dataPath,
          })
        if (!roles.includes('api')) return null
        return createApp({
          acts: createActs({
            engine,
            events,
            attendance,
            wakeUps,
            runtime: store.runtime,
            metrics,
            countProofs: opened.countProofs,
            scheduler,
            webhook,
            facts,
            configuration: { opened, config, version },
            delivery,
          }),
          authenticate: createAuthenticator(database.db, vault, {
            onForged: (table, row) => log.error({ event: 'guard.failed', table, row }, 'auth'),
          }),
          log,
          hosts: allowedHosts(listen),
          observe: (request) => metrics.observeRequest(request),
        })
      },
      async leaveTargets(withinMs) {
        await Promise.all([worker?.stop(withinMs), deliveries?.stop(withinMs)])
        worker = null
        deliveries = null
        await Promise.race([targets.close(), new Promise((resolve) => setTimeout(resolve, goodbyeMs).unref())])
      },
      async end() {
        await scheduler?.stop()
        await Promise.all([worker?.stop(), deliveries?.stop()])
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** What each target, or each source of people, offers of whose events are read. */
function followedOf(
  { sources }: EventsContext,
  kind: 'target' | 'source',
  connected: ReadonlyMap<string, Connected<'accounts'> | Connected<'people'>>,
): ReadonlyMap<string, EventsCapability> {
  return new Map(
    [...sources.values()].flatMap(({ id, byRecord = false }) => {
      if (byRecord !== (kind === 'source')) return []
      const offered = connected.get(id)?.connection.events
      return offered === undefined ? [] : [[id, offered] as const]
    }),
  )
}

/** Any process that writes accounts may be the one that needs a picture. */
function photosOf(readers: ReadonlyMap<string, Connected<'people'>>): SyncContext['photoSource'] {
  return (source) => {
    const people = readers.get(source)?.connection.people
    return people?.photo?.bind(people)
  }
}

interface Connecting<Made> {
  /** Rejects when one can't be connected. */
  readonly all: Promise<ReadonlyMap<string, Made>>
  /** Those that could be; once. */
  close(): Promise<void>
}

function connecting<Made extends { close(): Promise<void> }>(
  ids: readonly string[],
  connect: (id: string, signal: AbortSignal) => Promise<Made>,
): Connecting<Made> {
  const { signal } = new AbortController()
  const each = ids.map(async (id) => [id, await connect(id, signal)] as const)
  const all = Promise.all(each).then((entries) => new Map(entries))
  // Whoever waits for the others first hears of it later.
  all.catch(() => undefined)
  let closed: Promise<void> | null = null
  const closeEach = async (): Promise<void> => {
    const made = (await Promise.allSettled(each)).flatMap((one) => (one.status === 'fulfilled' ? [one.value[1]] : []))
    await Promise.all(made.map((connected) => connected.close()))
  }
  return {
    all,
    close() {
      closed ??= closeEach()
      return closed
    },
  }
}
