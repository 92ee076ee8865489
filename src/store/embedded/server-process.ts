/** One running postgres: started by us or found running; in both cases its end is noticed and it can be stopped. */
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, EmbeddedPostgresError } from './errors.ts'
import type { OnLog } from './log.ts'
import { processState } from './process-state.ts'
import { cleanEnvironment } from './run.ts'
import type { RunAs } from './server-user.ts'

export interface ServerProcess {
  readonly pid: number
  /** Resolves when it has ended, for whatever cause; never rejects. Waiting for it does not keep this process alive. */
  readonly exited: Promise<void>
  hasExited(): boolean
  /** What it said when it would not start; only to be shown before anyone was let in. */
  lastWords(): Promise<{ readonly text: string; readonly sqlState?: string }>
}

/** admin_shutdown and cannot_connect_now: one line for each connection at each stop and start. */
const expected = new Set(['57P01', '57P03'])

/**
 * Starts postgres in a process group of its own, so that Ctrl-C in a terminal reaches only us. It goes on if we are killed.
 * @throws what `spawn` throws.
 */
export async function spawnServer(
  binDir: string,
  cluster: string,
  configFile: string,
  as: RunAs,
  onLog: OnLog,
): Promise<ServerProcess> {
  const child = spawn(join(binDir, 'postgres'), ['-D', cluster, '-c', `config_file=${configFile}`], {
    ...as,
    cwd: '/',
    env: cleanEnvironment,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let ended = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true
      resolve()
    })
  })
  // Later than its exit while processes of its own still hold the pipe.
  const closed = new Promise((resolve) => child.once('close', resolve))
  const words: string[] = []
  let sqlState: string | undefined
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line.slice(0, 500))
    if (words.length > 20) words.shift()
    const [, state, severity] = /^(?:([0-9A-Z]{5}) )?.*?\b(FATAL|PANIC): /.exec(line) ?? []
    if (severity === undefined) return
    sqlState = state
    if (state !== undefined && expected.has(state)) return
    onLog({ event: 'postgres.message', severity, ...(state === undefined ? {} : { sqlState: state }) })
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
  // A child's pipe is a socket, whatever its declared type.
  ;(child.stderr as unknown as Socket).unref()
  return {
    pid: child.pid as number,
    exited,
    hasExited: () => ended,
    lastWords: async () => {
      await Promise.race([closed, sleep(500)])
      return { text: words.join('\n'), ...(sqlState === undefined ? {} : { sqlState }) }
    },
  }
}

/** Watches a server that an earlier process started; its end is noticed within a quarter of a second. */
export function watchServer(pid: number, cluster: string): ServerProcess {
  let ended = false
  const watch = async () => {
    while (!ended) {
      await sleep(250, undefined, { ref: false })
      const state = await processState(pid, cluster)
      ended = state === 'dead' || state === 'other'
    }
  }
  return { pid, exited: watch(), hasExited: () => ended, lastWords: async () => ({ text: '' }) }
}

/**
 * Fast shutdown: open transactions are rolled back, memory is written. After `limitMs` an immediate one, which the next start
 * repairs. @throws EmbeddedPostgresError `embedded.stop` when it survives that for 10 s.
 */
export async function stopServer(server: ServerProcess, limitMs = 30_000): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGINT', limitMs],
    ['SIGQUIT', 10_000],
  ] as const) {
    if (server.hasExited()) return
    send(server.pid, signal)
    const limit = new AbortController()
    await Promise.race([server.exited, sleep(waitMs, undefined, { signal: limit.signal }).catch(() => undefined)])
    limit.abort()
  }
  if (server.hasExited()) return
  throw new EmbeddedPostgresError('embedded.stop', `PostgreSQL (process ${server.pid}) does not stop: kill -QUIT it`)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended just now.
    if (codeOf(error) !== 'ESRCH') throw error
  }
}
