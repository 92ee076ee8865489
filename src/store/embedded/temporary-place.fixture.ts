/** A directory for a test with all servers and processes that were started on it, gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts'
import { codeOf } from './errors.ts'
import type { EmbeddedLog } from './log.ts'

export const isRoot = process.getuid?.() === 0

/** With this in the environment of every child, a server that inherits its environment gives itself away. */
export const marker = 'GATEHOUSE_TEST_MARKER=seen'

export interface TemporaryPlace extends AsyncDisposable {
  readonly root: string
  readonly dataDir: string
  readonly systemDir: string
  readonly log: EmbeddedLog[]
  start(options?: Partial<EmbeddedPostgresOptions>): Promise<EmbeddedPostgres>
  /** Another process that starts the server and holds the lock. */
  startChild(): Promise<{ child: ChildProcess; serverPid: number }>
  /** The same, not waited for. */
  spawnChild(): ChildProcess
}

export async function temporaryPlace(): Promise<TemporaryPlace> {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-pg-'))
  await chmod(root, 0o755)
  const dataDir = join(root, 'data')
  const systemDir = join(root, 'system')
  const servers: EmbeddedPostgres[] = []
  const children: ChildProcess[] = []
  const log: EmbeddedLog[] = []
  const place: TemporaryPlace = {
    root,
    dataDir,
    systemDir,
    log,
    async start(options) {
      const server = await startEmbeddedPostgres({ dataDir, systemDir, onLog: (entry) => log.push(entry), ...options })
      servers.push(server)
      return server
    },
    spawnChild() {
      const [name = '', value = ''] = marker.split('=')
      const child = spawn(process.execPath, [join(import.meta.dirname, 'child.fixture.ts'), dataDir, systemDir], {
        env: { ...process.env, [name]: value },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      return child
    },
    async startChild() {
      const child = place.spawnChild()
      const said = child.stdout
      if (said === null) throw new Error('a child without output')
      const [line] = await Promise.race([
        once(said, 'data'),
        once(child, 'exit').then(() => {
          throw new Error('the child ended without having started the server')
        }),
      ])
      return { child, serverPid: Number(line) }
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) await endProcess(child)
      for (const server of servers) await server.stop()
      await rm(root, { recursive: true, force: true, maxRetries: 20 })
    },
  }
  return place
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** One statement over one connection. */
export async function query(config: pg.ClientConfig, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const result = await client.query<Record<string, unknown>>(text)
    return result.rows
  } finally {
    await client.end()
  }
}

/** The SQLSTATE with which the statement (or the connection) is refused; undefined if it is not. */
export async function refusal(config: pg.ClientConfig, text = 'select 1'): Promise<string | undefined> {
  try {
    await query(config, text)
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}
