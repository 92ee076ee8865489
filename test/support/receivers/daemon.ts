/** A real server of Debian's on a loopback port: started, stopped, killed and frozen by its process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { until } from '../servers.ts'

export interface Daemon {
  /** Returns when its port takes connections. @throws Error with what the server said, when it ends at once. */
  start(): Promise<void>
  /** Asks it to end, and waits for it. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Leaves its connections open and answers nothing, as a hung machine would, until `thaw`. */
  freeze(): void
  thaw(): void
  /** What it wrote to standard error since it was first started. */
  said(): string
}

/** `debian` is the package that brings the command. */
export function daemonOf(command: string, args: readonly string[], port: number, debian: string): Daemon {
  let child: ChildProcess | undefined
  let said = ''

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await ended
  }

  return {
    async start() {
      // Debian keeps servers where only root looks by itself.
      const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
      const spawned = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
      child = spawned
      let failure: string | undefined
      spawned.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      spawned.once('error', ({ message }) => {
        failure = `${message}; Debian and Ubuntu: apt-get install ${debian}`
      })
      spawned.once('exit', (code, signal) => {
        failure = `${command} ended with ${code ?? signal}: ${said}`
      })
      await until(`${command} takes connections`, async () => {
        if (failure !== undefined) throw new Error(failure)
        return isOpen(port)
      })
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    said: () => said,
  }
}

/** Starts it, and leaves nothing behind when that fails. */
export async function started<T extends AsyncDisposable & Pick<Daemon, 'start'>>(server: T): Promise<T> {
  try {
    await server.start()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
