/** A site to measure: gateway, door system and embedded PostgreSQL in processes of their own, and a folder for HR's files. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SimulatorOptions } from '../connectors/biostar2/simulator/index.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts'
import { type Child, startChild } from './child-process.ts'
import type { SimulatorFacts } from './simulator-child.ts'
import { levels, siteConfig } from './site-config.ts'

export interface Site extends AsyncDisposable {
  readonly gateway: Child
  readonly simulator: Child
  readonly simulatorFacts: SimulatorFacts
  /** The owner's way into the gateway's own database. */
  readonly database: pg.ClientConfig
  readonly pool: pg.Pool
  /** Puts a whole file into HR's folder at once. */
  drop(name: string, content: Buffer): Promise<void>
  /** Writes a file beside the folder, where the gateway does not see it. */
  keep(name: string, content: Buffer): Promise<string>
  /** Waits until a plan is held. */
  planHeld(): Promise<void>
  /** Releases the plan that is held. @throws Error when there is none. */
  release(): Promise<void>
}

export async function openSite(latency: SimulatorOptions['latency']): Promise<Site> {
  await using opening = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
  opening.defer(() => rm(directory, { recursive: true, force: true }))
  // The embedded server may run as another user, who must be able to pass through.
  await chmod(directory, 0o711)
  const folder = join(directory, 'hr')
  await mkdir(folder)

  const simulator = opening.use(startChild('simulator-child'))
  const simulatorFacts = await simulator.ask<SimulatorFacts>('start', { levels, seed: 1, latency })
  const config = join(directory, 'gatehouse.yaml')
  await writeFile(join(directory, 'password'), simulatorFacts.password, { mode: 0o600 })
  await writeFile(config, JSON.stringify(siteConfig(simulatorFacts, folder)), { mode: 0o600 })
  const data = join(directory, '.gatehouse')

  // Ours, so that a floor can use it without the gateway; the gateway adopts it.
  const gateway = startChild('gateway-child')
  await gateway.ask('init', config)
  const server = await startEmbeddedPostgres({ dataDir: join(data, 'postgres'), onLog: () => undefined })
  opening.defer(() => server.stop())
  const pool = new pg.Pool({ ...server.ownerConfig, max: 2, options: '-c search_path=gatehouse' })
  // A connection that idles when the server stops is of no use any more, and no failure.
  pool.on('error', () => undefined)
  opening.defer(() => pool.end())
  opening.use(gateway)
  const url = await gateway.ask<string>('start', config)
  const token = (await readFile(join(data, 'operator.token'), 'utf8')).trim()

  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return (await response.json()) as T
  }

  async function keep(name: string, content: Buffer): Promise<string> {
    const path = join(directory, name)
    await writeFile(path, content)
    return path
  }

  const opened = opening.move()
  return {
    gateway,
    simulator,
    simulatorFacts,
    database: server.ownerConfig,
    pool,
    keep,
    drop: async (name, content) => rename(await keep(name, content), join(folder, name)),
    async planHeld() {
      await until('a held plan', async () => (await call<{ rows: unknown[] }>('/v1/plans?state=held')).rows[0], 600_000)
    },
    async release() {
      const { rows } = await call<{ rows: { id: string }[] }>('/v1/plans?state=held')
      if (rows[0] === undefined) throw new Error('no plan is held')
      await call(`/v1/plans/${rows[0].id}/release`, { reason: 'benchmark' })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
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
