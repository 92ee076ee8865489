/** A site to measure: gateway, door system and embedded PostgreSQL in processes of their own, and a folder for HR's files. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SimulatorOptions } from '../connectors/biostar2/simulator/index.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts'
import { startPostgres, startRedis } from '../test/support/servers.ts'
import { type Child, startChild } from './child-process.ts'
import type { DoorSystem, SimulatorFacts, SimulatorRequest } from './door-systems.ts'
import type { StartRequest } from './gateway-child.ts'
import type { ReceiverFacts } from './receiver-child.ts'
import { type SourceName, siteConfig, sourceNames, levels as usualLevels } from './site-config.ts'

export interface Site extends AsyncDisposable {
  /** The one with an API. */
  readonly gateway: Child
  readonly config: string
  readonly others: readonly Child[]
  readonly simulator: Child
  readonly simulatorFacts: SimulatorFacts
  /** The owner's way into the gateway's own database. */
  readonly database: pg.ClientConfig
  readonly pool: pg.Pool
  /** Puts a whole file into the folder of a source at once; a stream of pieces is written first. */
  drop(name: string, content: Buffer | Iterable<Buffer>, source?: SourceName): Promise<void>
  /** Writes a file beside the folder, where the gateway does not see it. */
  keep(name: string, content: Buffer): Promise<string>
  /** Asks the API. @throws Error with the status of a refusal. */
  call<T>(path: string, body?: unknown): Promise<T>
  /** Waits until a plan is held. */
  planHeld(limitMs?: number): Promise<void>
  /** Ends this gateway, the only one, in good order; its database is up again when this returns. */
  stop(gateway: Child): Promise<void>
  /** Starts one like the first, which has ended. */
  startAgain(): Promise<Child>
  /** Releases the plan that is held. @throws Error when there is none. */
  release(): Promise<void>
}

/** Where wake-ups go. */
export type Queue = 'postgresql' | 'redis'

export interface SiteOptions {
  readonly latency: SimulatorOptions['latency']
  /** BioStar 2 when left out. */
  readonly kind?: DoorSystem
  readonly queue: Queue
  /** Roles of the gateway; all in one process when left out. */
  readonly roles?: StartRequest['roles']
  /** The usual ones when left out. */
  readonly levels?: SimulatorRequest['levels']
  /** Events are read, and told to it with their doors and with what `reveal` says; when left out, none is read. */
  readonly receiver?: ReceiverFacts & { readonly reveal: readonly string[] }
  /** More processes on the same database. */
  readonly others?: readonly NonNullable<StartRequest['roles']>[]
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const { latency, kind = 'biostar2', queue, roles, levels = usualLevels, receiver, others = [] } = options
  await using opening = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
  opening.defer(() => rm(directory, { recursive: true, force: true }))
  // The embedded server may run as another user, who must be able to pass through.
  await chmod(directory, 0o711)
  for (const name of sourceNames) await mkdir(join(directory, name))

  const simulator = opening.use(startChild('simulator-child'))
  const simulatorFacts = await simulator.ask<SimulatorFacts>('start', { kind, levels, latency })
  const config = join(directory, 'gatehouse.yaml')
  await writeFile(join(directory, 'password'), simulatorFacts.password, { mode: 0o600 })
  const subscription = receiver === undefined ? null : await subscriptionFor(receiver, directory)
  await writeFile(config, JSON.stringify(siteConfig(simulatorFacts, directory, subscription)), { mode: 0o600 })
  const data = join(directory, '.gatehouse')
  const redis = queue === 'redis' ? opening.use(await startRedis()) : null
  const several = others.length > 0 ? opening.use(await startPostgres()) : null
  const env: NodeJS.ProcessEnv = {
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    ...(several === null ? {} : { DATABASE_URL: several.url }),
  }
  const init = startChild('gateway-child', env)
  await init.ask('init', config)
  await init[Symbol.asyncDispose]()
  const database = several?.admin ?? (await startOwn(opening, join(data, 'postgres')))
  const pool = new pg.Pool({ ...database, max: 2, options: '-c search_path=gatehouse' })
  // A connection that idles when the server stops is of no use any more, and no failure.
  pool.on('error', () => undefined)
  opening.defer(() => pool.end())
  let url: string | null = null
  const start = async (stack: AsyncDisposableStack, request: Omit<StartRequest, 'config'>): Promise<Child> => {
    const child = stack.use(startChild('gateway-child', env))
    url = (await child.ask<string | null>('start', { config, ...request } satisfies StartRequest)) ?? url
    return child
  }
  const wanted = roles === undefined ? {} : { roles }
  const gateway = await start(opening, wanted)
  const more: Child[] = []
  for (const their of others) more.push(await start(opening, { roles: their }))
  const token = (await readFile(join(data, 'operator.token'), 'utf8')).trim()

  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return (await response.json()) as T
  }

  async function keep(name: string, content: Buffer | Iterable<Buffer>): Promise<string> {
    const path = join(directory, name)
    await writeFile(path, content)
    return path
  }

  const opened = opening.move()
  return {
    gateway,
    config,
    others: more,
    simulator,
    simulatorFacts,
    database,
    pool,
    keep,
    drop: async (name, content, source = 'hr') => rename(await keep(name, content), join(directory, source, name)),
    call,
    async planHeld(limitMs = 600_000) {
      await until('a held plan', async () => (await call<{ rows: unknown[] }>('/v1/plans?state=held')).rows[0], limitMs)
    },
    async stop(one) {
      await one[Symbol.asyncDispose]()
      // Who adopts a server stops it as well.
      if (several === null) await startOwn(opened, join(data, 'postgres'))
    },
    startAgain: () => start(opened, wanted),
    async release() {
      const { rows } = await call<{ rows: { id: string }[] }>('/v1/plans?state=held')
      if (rows[0] === undefined) throw new Error('no plan is held')
      await call(`/v1/plans/${rows[0].id}/release`, { reason: 'benchmark' })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Its secret lies beside the configuration in a file of its own. */
async function subscriptionFor({ url, ca, secret, reveal }: NonNullable<SiteOptions['receiver']>, directory: string) {
  await writeFile(join(directory, 'webhook-secret'), secret, { mode: 0o600 })
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
  return { settings: { url, ca, secret: '${file:./webhook-secret}', allow_private: true }, reveal }
}

/** The embedded server, started by us, so that a floor can use it without the gateway; the gateway adopts it. Returns the owner's way in. */
async function startOwn(opening: AsyncDisposableStack, dataDir: string): Promise<pg.ClientConfig> {
  const server = await startEmbeddedPostgres({ dataDir, onLog: () => undefined })
  opening.defer(() => server.stop())
  return server.ownerConfig
}

/** Asks until there is an answer. @throws Error that names what never came. */
export async function until<T>(what: string, ask: () => Promise<T | null | undefined>, limitMs: number): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`)
    await sleep(100)
  }
}
