/** Brings the cluster's server up: adopts one that runs, else clears what a dead one left and starts another. */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Binaries } from './binaries.ts'
import { codeOf, EmbeddedPostgresError } from './errors.ts'
import type { OnLog } from './log.ts'
import { clearSocket, closeSocketDir, openSocketDir, type Place, socketPort } from './place.ts'
import { processState } from './process-state.ts'
import { connect, names } from './roles.ts'
import { type ServerProcess, spawnServer, stopServer, watchServer } from './server-process.ts'
import { writeSettings } from './settings.ts'

export interface Running extends ServerProcess {
  readonly adopted: boolean
  readonly socketDir: string
}

/** Crash recovery replays at most about `max_wal_size` (1 GB), minutes on a slow disk. */
const startLimitMs = 10 * 60_000
/** How long a server may say that it is ready while nothing answers at its socket. */
const silenceLimitMs = 15_000
/** How long processes of a killed server may go on: they end when they next look up, most of them at once. */
const orphanLimitMs = 60_000
/** lock_file_exists: the lock file or the memory of another server of this cluster. */
const lockFileExists = 'F0001'

/**
 * Keeps to `lastSocketDir` where one is given, so that pools stay right over a restart.
 * @throws EmbeddedPostgresError `embedded.start`, `embedded.unreachable` or `embedded.foreign-server`.
 */
export async function bringUp(
  place: Place,
  binaries: Binaries,
  onLog: OnLog,
  lastSocketDir?: string,
): Promise<Running> {
  const begun = performance.now()
  for (;;) {
    const found = await readPidFile(place)
    if (found !== undefined) {
      const adopted = await adopt(place, found, onLog)
      if (adopted !== undefined) return adopted
    }
    const socketDir = await openSocketDir(place, lastSocketDir)
    const { configFile } = await writeSettings(place, socketDir)
    const server = await spawnServer(binaries.binDir, place.cluster, configFile, place.as, onLog)
    if (await comesUp(place, socketDir, server, onLog)) {
      onLog({ event: 'postgres.started', pid: server.pid, tookMs: Math.round(performance.now() - begun) })
      return { ...server, adopted: false, socketDir }
    }
    await closeSocketDir(place, socketDir)
    const { text, sqlState } = await server.lastWords()
    if (sqlState !== lockFileExists || performance.now() - begun > orphanLimitMs) {
      throw new EmbeddedPostgresError('embedded.start', `PostgreSQL does not start on ${place.cluster}. ${text}`.trim())
    }
    // Another start was quicker, or processes of a server that was killed are still ending.
    await sleep(100)
  }
}

/** How to connect as superuser, which only set-up and the question at stopping do. */
export function superuserConfig(place: Place, socketDir: string): pg.ClientConfig {
  return {
    host: socketDir,
    port: socketPort,
    user: names.superuser,
    password: place.passwords.superuser,
    database: 'postgres',
  }
}

interface PidFile {
  readonly path: string
  readonly text: string
  readonly pid: number
  readonly socketDir: string
  readonly ready: boolean
}

/** Its lines: process id, directory, start, port, socket's directory, address, memory key, state. */
async function readPidFile(place: Place): Promise<PidFile | undefined> {
  const path = join(place.cluster, 'postmaster.pid')
  try {
    const text = await readFile(path, 'utf8')
    const lines = text.split('\n')
    return { path, text, pid: Number(lines[0]), socketDir: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The server that the file speaks of, once it lets us in; undefined when there is none (any more). Asks at the socket too, not
 * only for the process: a server in another container of this machine answers, but its process id means nothing here.
 */
async function adopt(place: Place, first: PidFile, onLog: OnLog): Promise<Running | undefined> {
  const begun = performance.now()
  let waiting = false
  for (;;) {
    const file = await readPidFile(place)
    if (file === undefined) return undefined
    const answer = file.socketDir === '' ? 'none' : await ask(place, file.socketDir)
    const state = Number.isInteger(file.pid) && file.pid > 1 ? await processState(file.pid, place.cluster) : 'dead'
    if (answer === 'ready' && (state === 'server' || state === 'unknown')) {
      onLog({ event: 'postgres.adopted', pid: file.pid })
      return { ...watchServer(file.pid, place.cluster), adopted: true, socketDir: file.socketDir }
    }
    if (answer === 'none' && (state === 'dead' || state === 'other')) {
      await dropStale(file, place, onLog)
      return undefined
    }
    const tookMs = performance.now() - begun
    if (!waiting) onLog({ event: 'postgres.waiting', pid: first.pid })
    waiting = true
    if (answer === 'ready' && tookMs > silenceLimitMs) {
      throw new EmbeddedPostgresError(
        'embedded.unreachable',
        `a PostgreSQL that is no process of this system answers on ${place.cluster}: stop the other container that uses this directory`,
      )
    }
    if (tookMs > (file.ready && answer === 'none' ? silenceLimitMs : startLimitMs)) {
      throw new EmbeddedPostgresError(
        'embedded.unreachable',
        `PostgreSQL (process ${file.pid}) runs on ${place.cluster} but does not answer at ${file.socketDir}: end it with kill -INT ${file.pid} and start again`,
      )
    }
    await sleep(25)
  }
}

/**
 * Takes the file away by renaming, which of several starts only one can, and puts it back if it is not the one that was judged.
 * PostgreSQL itself guards the cluster by its shared memory too.
 */
async function dropStale(file: PidFile, place: Place, onLog: OnLog): Promise<void> {
  const taken = `${file.path}.${randomBytes(6).toString('hex')}`
  try {
    await rename(file.path, taken)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    if ((await readFile(taken, 'utf8')) !== file.text) {
      await link(taken, file.path)
      return
    }
    // The socket's lock file holds the same process id, and would block the start just as well.
    await clearSocket(place, file.socketDir)
    await closeSocketDir(place, file.socketDir)
    onLog({ event: 'postgres.stale-pid-removed', pid: file.pid })
  } finally {
    await rm(taken, { force: true })
  }
}

/** False when the process ended instead. What it leaves running on failure it ends itself. */
async function comesUp(place: Place, socketDir: string, server: ServerProcess, onLog: OnLog): Promise<boolean> {
  const begun = performance.now()
  let waiting = false
  while (!server.hasExited()) {
    const answer = await ask(place, socketDir).catch(async (error: unknown) => {
      await stopServer(server)
      throw error
    })
    // Someone else's server may answer at this socket in the moment before ours finds the cluster locked.
    if (answer === 'ready' && (await readPidFile(place))?.pid === server.pid) return true
    const tookMs = performance.now() - begun
    if (tookMs > 2_000 && !waiting) {
      onLog({ event: 'postgres.waiting', pid: server.pid })
      waiting = true
    }
    if (tookMs > startLimitMs) {
      await stopServer(server)
      throw new EmbeddedPostgresError(
        'embedded.start',
        `PostgreSQL did not get ready on ${place.cluster} in ${startLimitMs / 60_000} minutes`,
      )
    }
    await sleep(15)
  }
  return false
}

/** `none`: nothing listens or answers. @throws EmbeddedPostgresError when it refuses our password. */
async function ask(place: Place, socketDir: string): Promise<'ready' | 'starting' | 'none'> {
  try {
    await using _ = await connect(superuserConfig(place, socketDir))
    return 'ready'
  } catch (error) {
    const code = codeOf(error)
    // cannot_connect_now: starting, recovering or shutting down. too_many_connections: it is up.
    if (code === '57P03' || code === '53300') return 'starting'
    // invalid_password, invalid_authorization_specification
    if (code === '28P01' || code === '28000') {
      throw new EmbeddedPostgresError(
        'embedded.foreign-server',
        `the server on ${place.cluster} does not take the password in server.json: put back the file that belongs to this database`,
        { cause: error },
      )
    }
    return 'none'
  }
}
