/** The composition root: reads the configuration, opens what the gateway is made of, starts its roles, and stops in reverse. */
import { readFile } from 'node:fs/promises'
import { type Config, configDigestInput } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { startOutboxDrain } from '../queues/outbox-drain.ts'
import { openWakeUps } from '../queues/wake-ups.ts'
import { createApp } from './api/app.ts'
import { allowedHosts, refuseUnsafeListen } from './api/listen.ts'
import { serveApi } from './api/serve.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { createActs } from './main/acts.ts'
import { openAlarmWebhook } from './main/alarm-webhook.ts'
import { configurable, connectSource, connectTarget } from './main/connections.ts'
import { watchKeyring } from './main/keyring-watch.ts'
import { claimDatabase, openStore, queueSchema, refuseOldKeyring, registerConfigured } from './main/open-store.ts'
import { openConfiguredVault } from './main/open-vault.ts'
import { type Role, roles } from './main/roles.ts'
import { type Scheduler, startSchedulerRole } from './main/scheduler-role.ts'
import { keepHeapSmall } from './main/small-heap.ts'
import { buildEngine } from './main/sync-context.ts'
import { openConfiguredTraces } from './main/traces.ts'
import { startWorkerRole } from './main/worker-role.ts'
import { relockOnce } from './sync/restored/relock.ts'
import { createLog, type Log } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'

export { checkGateway } from './main/check.ts'
export { initGateway } from './main/init.ts'
export { restoreGateway } from './main/restore.ts'

export interface StartOptions {
  readonly config: string
  readonly roles?: readonly Role[]
  readonly log?: Log
  /** Only for the demonstration and tests: their keys serve nobody real. */
  readonly allowDemoKeys?: boolean
  readonly env?: NodeJS.ProcessEnv
}

export interface Gateway {
  /** Null when this process has no API. */
  readonly url: string | null
  readonly dataPath: string | null
  /** Settles when everything has stopped. */
  readonly stopped: Promise<void>
  /** Finishes or hands back what is being done, then closes everything; may be called again. */
  stop(): Promise<void>
}

/** @throws ConfigError, VaultError, ListenError, or an error of what could not be opened; then nothing stays open. */
export async function startGateway(options: StartOptions): Promise<Gateway> {
  keepHeapSmall()
  const log = options.log ?? createLog()
  const config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  const { host, port, tls, behindProxy } = config.http
  refuseUnsafeListen({ host, port, tls: tls !== null, behindProxy, names: [] })
  const opened: (() => Promise<void>)[] = []
  const { promise: stopped, resolve: settled } = Promise.withResolvers<void>()
  let stopping = false
  const stop = (): Promise<void> => {
    if (stopping) return stopped
    stopping = true
    void (async () => {
      for (const close of opened.reverse()) {
        await close().catch((error: unknown) =>
          log.error({ event: 'stop.failed', error: error instanceof Error ? error.name : 'unknown' }, 'stopping'),
        )
      }
      settled()
    })()
    return stopped
  }
  try {
    const gateway = await open(options, config, log, opened)
    return { ...gateway, stopped, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(
  options: StartOptions,
  config: Config,
  log: Log,
  opened: (() => Promise<void>)[],
): Promise<Omit<Gateway, 'stop' | 'stopped'>> {
  const startedAt = new Date()
  const wanted = options.roles ?? roles
  const { traces, close: closeTraces } = openConfiguredTraces(config.traces, await version(), log)
  opened.push(closeTraces)
  const { vault, keyring } = openConfiguredVault(config, log, options.allowDemoKeys === true)
  opened.push(watchKeyring(keyring, log))
  const store = await openStore(config, log, { poolSize: 10 })
  opened.push(() => store.close())
  const { database } = store
  await claimDatabase(store, vault)
  await refuseOldKeyring(database, keyring.current)
  await registerConfigured(store, vault, Object.keys(config.sources), Object.keys(config.targets))

  const connecting = new AbortController()
  const targets = new Map(
    await Promise.all(
      Object.keys(config.targets).map(
        async (id) => [id, await connectTarget(config, id, { log, traces }, connecting.signal)] as const,
      ),
    ),
  )
  opened.push(async () => {
    await Promise.all([...targets.values()].map((target) => target.close()))
  })
  const sources = new Map(
    await Promise.all(
      Object.keys(config.sources).map(
        async (id) => [id, await connectSource(config, id, log, connecting.signal)] as const,
      ),
    ),
  )
  opened.push(async () => {
    await Promise.all([...sources.values()].map((source) => source.close()))
  })

  const metrics = createMetrics()
  const engine = buildEngine(config, { database, vault, keyring, log, metrics, traces }, targets)
  await engine.levels.reload()
  await relockOnce(engine.context)
  const onError = (code: string): void => log.warn({ event: 'queue.trouble', code }, 'queue')
  const wakeUps = await openWakeUps({
    ...(config.redisUrl === null ? {} : { redis: { url: config.redisUrl, gatewayId: vault.gatewayId } }),
    pg: { config: store.runtime, schema: queueSchema },
    onError,
  })
  opened.push(() => wakeUps.close())
  const drain = startOutboxDrain({ pool: database.pool, wakeUps, onError, traces })
  opened.push(() => drain.stop())

  const told = openAlarmWebhook(config)
  opened.push(async () => told?.close())
  const webhook = told?.webhook ?? null

  let scheduler: Scheduler | null = null
  if (wanted.includes('worker')) {
    const worker = await startWorkerRole(engine, wakeUps, log)
    opened.push(() => worker.stop())
  }
  if (wanted.includes('scheduler')) {
    scheduler = startSchedulerRole({
      ...{ engine, wakeUps, sources, webhook, log },
      runtime: store.runtime,
      policyText: configDigestInput(config),
      dataFolder: config.gateway.dataPath,
    })
    const { stop } = scheduler
    opened.push(stop)
  }
  if (!wanted.includes('api')) return { url: null, dataPath: store.dataPath }

  const acts = createActs({
    engine,
    wakeUps,
    runtime: store.runtime,
    metrics,
    scheduler,
    webhook,
    facts: { version: await version(), startedAt, roles: wanted },
  })
  const { host, port, tls } = config.http
  const app = createApp({
    acts,
    authenticate: createAuthenticator(database.db, vault, {
      onForged: (table, row) => log.error({ event: 'guard.failed', table, row }, 'auth'),
    }),
    log,
    hosts: allowedHosts({ host, port, tls: tls !== null, behindProxy: config.http.behindProxy, names: [] }),
    observe: (request) => metrics.observeRequest(request),
  })
  const served = await serveApi(
    app,
    { host, port },
    tls === null ? undefined : { cert: await readFile(tls.certPath), key: await readFile(tls.keyPath) },
  )
  opened.push(() => served.close())
  log.info({ event: 'gateway.started', port, tookMs: Date.now() - startedAt.getTime() }, 'ready')
  return { url: served.url, dataPath: store.dataPath }
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
