/** The composition root: opens what lasts, runs the configuration that is in force, goes over to the next one, and stops in reverse. */
import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { Api } from './api/env.ts'
import { type ListenSettings, refuseUnsafeListen } from './api/listen.ts'
import { serveApi } from './api/serve.ts'
import { configurable } from './main/connections.ts'
import { followVersion } from './main/follow-version.ts'
import { type Generation, prepareGeneration } from './main/generation.ts'
import { openOnce, type ReadConfig } from './main/opened.ts'
import { type Role, refuseRolesAlone, roles } from './main/roles.ts'
import { keepHeapSmall } from './main/small-heap.ts'
import { type InForce, versionInForce } from './sync/configuration/in-force.ts'
import { offerConfiguration, releaseFirst, saysTheSame } from './sync/configuration/offer.ts'
import { createLog, type Log } from './telemetry/log.ts'

export { adoptConfig } from './main/adopt-config.ts'
export { checkGateway } from './main/check.ts'
export { eventCodesOf, eventSystems } from './main/event-codes.ts'
export { initGateway } from './main/init.ts'
export { openKeys } from './main/open-keys.ts'
export { replaceAllKeys } from './main/replace-keys.ts'
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
  /** Settles when everything has stopped; rejects when it stopped because it could not go over to a released configuration. */
  readonly stopped: Promise<void>
  /** Finishes or hands back what is being done, then closes everything; may be called again. */
  stop(): Promise<void>
}

/** @throws ConfigError, VaultError, ListenError, GatewayError, Refusal `config.none-released`, or an error of what could not be opened; then nothing stays open. */
export async function startGateway(options: StartOptions): Promise<Gateway> {
  keepHeapSmall()
  const log = options.log ?? createLog()
  const read: ReadConfig = (instead) =>
    loadConfig(options.config, {
      env: options.env ?? process.env,
      connectors: configurable,
      ...(instead === undefined ? {} : { instead }),
    })
  const file = await read()
  refuseUnsafeListen(listenSettings(file))
  refuseRolesAlone(file, options.roles ?? roles)
  const opened: (() => Promise<void>)[] = []
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>()
  // Whoever only calls `stop` need not hear of it twice.
  stopped.catch(() => undefined)
  let failure: { readonly error: unknown } | null = null
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
      if (failure === null) resolve()
      else reject(failure.error)
    })()
    return stopped
  }
  const fail = (error: unknown): void => {
    log.error({ event: 'config.not-run', error: error instanceof Error ? error.name : 'unknown' }, 'configuration')
    failure = { error }
    stop().catch(() => undefined)
  }
  try {
    const gateway = await open({ ...options, log, read, file, fail }, opened)
    return { ...gateway, stopped, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Opening extends StartOptions {
  readonly log: Log
  readonly read: ReadConfig
  readonly file: Config
  /** Stops the gateway, and tells why. */
  readonly fail: (error: unknown) => void
}

async function open(
  { log, read, file, fail, ...options }: Opening,
  closing: (() => Promise<void>)[],
): Promise<Omit<Gateway, 'stop' | 'stopped'>> {
  const startedAt = new Date()
  const wanted = options.roles ?? roles
  const opened = await openOnce(
    file,
    {
      ...{ read, log, roles: wanted, allowDemoKeys: options.allowDemoKeys === true },
      facts: { version: await version(), startedAt, roles: wanted },
    },
    closing,
  )
  const { ground } = opened
  const inForce = await settleVersion(opened.ground, file, wanted)
  const listen = listenSettings(file)
  let generation: Generation = await prepareGeneration(opened, inForce, listen)
  closing.push(() => generation.end())
  const app: { current: Api | null } = { current: await generation.begin() }

  let url: string | null = null
  if (app.current !== null) {
    const { host, port, tls } = file.http
    const served = await serveApi(
      // The address stays; who answers changes with the configuration.
      { fetch: (request, ...more) => (app.current as Api).fetch(request, ...more) },
      { host, port },
      tls === null ? undefined : { cert: await readFile(tls.certPath), key: await readFile(tls.keyPath) },
    )
    url = served.url
    closing.push(() => served.close())
    log.info({ event: 'gateway.started', port, tookMs: Date.now() - startedAt.getTime() }, 'ready')
  }

  const ending = new Set<Promise<void>>()
  closing.push(async () => void (await Promise.all(ending)))
  // Rows from before they were signed were taken as they are, once.
  const later = { ...opened, store: { ...opened.store, migrated: [] } }
  const goOver = async (next: InForce): Promise<void> => {
    const begun = performance.now()
    const old = generation
    const prepared = await prepareGeneration(later, next, listen)
    // First the targets, so that nobody who leaves waits for the rest: that ends beside the new one.
    await old.leaveTargets(handOverMs)
    try {
      app.current = await prepared.begin()
    } catch (error) {
      await prepared.end()
      throw error
    }
    generation = prepared
    const end = old.end().finally(() => ending.delete(end))
    ending.add(end)
    end.catch(() => log.error({ event: 'stop.failed' }, 'configuration'))
    const tookMs = Math.round(performance.now() - begun)
    log.info({ event: 'config.in-force', where: `version-${next.row.number}`, tookMs }, 'configuration')
  }
  const following = followVersion(ground, inForce, goOver, fail)
  closing.push(() => following.stop())
  return { url, dataPath: opened.store.dataPath }
}

/** What runs at a target when another configuration comes into force has this long to end. */
const handOverMs = 2_000

/** What is in force, whatever the file says; what it says otherwise is proposed by the process that leads the others. */
async function settleVersion(
  ground: Parameters<typeof versionInForce>[0],
  file: Config,
  wanted: readonly Role[],
): Promise<InForce> {
  await releaseFirst(ground, file.deciding)
  if (wanted.includes('scheduler')) await offerConfiguration(ground, { deciding: file.deciding, by: null })
  const inForce = await versionInForce(ground)
  if (!saysTheSame(ground, file.deciding, inForce))
    ground.log('warn', 'config.file-differs', { scope: `version-${inForce.row.number}` })
  return inForce
}

function listenSettings({ http: { host, port, tls, behindProxy } }: Config): ListenSettings {
  return { host, port, tls: tls !== null, behindProxy, names: [] }
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
