/** A site as it stands at a customer's: a simulated BioStar 2, a folder that HR drops files into, and gateways as processes of their own. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BiostarSimulator,
  type SimulatorOptions,
  startBiostarSimulator,
} from '../../connectors/biostar2/simulator/index.ts'
import { doorSystem, groups, mapping, policyFor } from '../../demo/workforce/gateway-config.ts'
import { sites, siteZone } from '../../demo/workforce/organisation.ts'
import { type Finished, type GatewayProcess, runGatehouse, spawnGateway } from './gateway-process.ts'
import { makeInitialised } from './initialised.ts'
import type { MovedClock } from './moved-clock.ts'

export interface Site extends AsyncDisposable {
  readonly simulator: BiostarSimulator
  readonly directory: string
  readonly dataPath: string
  readonly configPath: string
  /** The admin's, made by `gatehouse init`; sites with a database of their own have the same one, and the same keys. */
  readonly token: string
  /** Everything that any gateway of this site has said so far. */
  readonly said: readonly string[]
  /** Starts a gateway and waits until it is up. It is ended with the site at the latest. */
  start(...args: readonly string[]): Promise<GatewayProcess>
  /** Runs one command to its end, with the site's environment. */
  gatehouse(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>
  /** Runs one command until the moment has come, and kills it as a power cut would. */
  killed(args: readonly string[], moment: () => Promise<unknown>): Promise<void>
  /** A file as HR drops it, complete at once; its name says its order, `changes-` at its start that it is a delta. */
  drop(name: string, content: Buffer | string): Promise<void>
  /** Writes the configuration again; running gateways keep theirs. */
  configure(change: (config: SiteConfig) => void): Promise<void>
}

export interface SiteOptions {
  readonly simulator?: SimulatorOptions
  readonly databaseUrl?: string
  /** In place of a database: what gateways go by, and the one it brings. */
  readonly clock?: MovedClock
  readonly redisUrl?: string
  /** The data folder; beside the configuration unless given. */
  readonly dataPath?: string
  /** Whether `gatehouse init` is run; true unless given. */
  readonly initialised?: boolean
}

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-site-'))
  // PostgreSQL's user must be able to pass through to its own folder.
  await chmod(directory, 0o711)
  const folder = join(directory, 'hr')
  await mkdir(folder, { mode: 0o700 })
  const simulator = await startBiostarSimulator({
    levels: groups.map((name) => ({ name, doors: [name] })),
    latency: { fixedMs: 5 },
    deviceDelayMs: 0,
    seed: 1,
    ...options.simulator,
  })
  simulator.changeSettings({ use_alphanumeric: true })
  await writeFile(join(directory, 'password'), simulator.password, { mode: 0o600 })
  const config = siteConfig(simulator, folder)
  const configPath = join(directory, 'gatehouse.yaml')
  const dataPath = options.dataPath ?? join(directory, 'data')
  config.gateway.data = dataPath
  // Whole at once: a gateway may be starting.
  const write = async (): Promise<void> => {
    await writeFile(`${configPath}.new`, JSON.stringify(config), { mode: 0o600 })
    await rename(`${configPath}.new`, configPath)
  }
  await write()
  const env = {
    ...options.clock?.env,
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
  }
  const said: string[] = []
  const gateways: GatewayProcess[] = []
  const site = {
    simulator,
    directory,
    dataPath,
    configPath,
    token: '',
    said,
    async start(...args: readonly string[]) {
      const gateway = spawnGateway(['start', '--config', configPath, ...args], env, (text) => said.push(text))
      gateways.push(gateway)
      await gateway.up
      return gateway
    },
    gatehouse: (args: readonly string[], more: NodeJS.ProcessEnv = {}) => runGatehouse(args, { ...env, ...more }),
    async killed(args: readonly string[], moment: () => Promise<unknown>) {
      const running = spawnGateway(args, env, (text) => said.push(text))
      await moment()
      await running.kill()
    },
    async drop(name: string, content: Buffer | string) {
      await writeFile(join(directory, name), content)
      await rename(join(directory, name), join(folder, name))
    },
    async configure(change: (config: SiteConfig) => void) {
      change(config)
      await write()
    },
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) await gateway.end()
      await endLeftPostgres(dataPath)
      await simulator.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 20 })
    },
  }
  if (options.initialised === false) return site
  const init = async () => {
    const made = await site.gatehouse(['init', '--config', configPath, '--subject', 'Test Operator One'])
    if (made.code !== 0) throw new Error(`gatehouse init ended with ${made.code}: ${made.stderr}`)
  }
  try {
    const isPlain = Object.keys(env).length === 0 && options.dataPath === undefined
    await (isPlain ? makeInitialised(dataPath, init) : init())
    const token = (await readFile(join(dataPath, 'operator.token'), 'utf8')).trim()
    return Object.assign(site, { token })
  } catch (error) {
    await site[Symbol.asyncDispose]()
    throw error
  }
}

/** A gateway that was killed leaves its database running, on purpose; a test must not. */
async function endLeftPostgres(dataPath: string): Promise<void> {
  const pid = await postgresPid(dataPath)
  if (pid === null) return
  try {
    process.kill(pid, 'SIGQUIT')
    for (let waited = 0; waited < 500; waited += 1) {
      process.kill(pid, 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  } catch (error) {
    // ESRCH: it is gone.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The process id of the embedded server as its own file says, or null when there is no such file. */
export async function postgresPid(dataPath: string): Promise<number | null> {
  const text = await readFile(join(dataPath, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return pid > 1 ? pid : null
}

export type SiteConfig = ReturnType<typeof siteConfig>

function siteConfig(simulator: BiostarSimulator, folder: string) {
  return {
    gateway: { name: 'test', data: './data', zone: 'Europe/Berlin' },
    http: { listen: '127.0.0.1:0' },
    sites: Object.fromEntries(sites.map(({ name }) => [name, { zone: siteZone(name) }])),
    sources: {
      hr: {
        connector: 'csv',
        settings: {
          folder,
          mode: 'full',
          delta_pattern: 'changes-*.csv',
          control_total: 'trailer',
          settle_ms: 100,
          poll_ms: 100,
        },
        mapping: structuredClone(mapping),
      },
    },
    targets: {
      hq: {
        connector: 'biostar2',
        mode: 'enabled',
        requests_per_second: 1000,
        settings: doorSystem(simulator),
      },
    },
    policy: policyFor('hq'),
  }
}
