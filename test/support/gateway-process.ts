/** The program as operators run it, `bin/gatehouse`, in a process of its own: started, asked over HTTP, stopped or killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { runCli } from '../../src/cli/program.ts'

const program = join(import.meta.dirname, '../../bin/gatehouse')
/** What Node made of the program's files: a start takes a third less when it need not read and compile them all anew. */
const compiled = join(import.meta.dirname, '../../node_modules/.cache/compiled')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The same without a process of its own, which takes a tenth of the time: for commands that call a gateway. */
export async function runInProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  const absent = () => Promise.reject(new Error('a command that calls a gateway does not need this'))
  let [stdout, stderr] = ['', '']
  const code = await runCli(args, {
    ...{ env, colours: false, watched: false, readInput: absent, loadLocalGateway: absent },
    ...{ onSignal: () => () => undefined, exit: () => undefined },
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
  })
  return { code, stdout, stderr }
}

/** Nothing of the caller's own gateway, database or token gets into a test. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE: compiled, ...more }
}

/** Runs one command to its end. */
export async function runGatehouse(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const child = spawn(program, args, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)])
  return { code, stdout, stderr }
}

export interface GatewayProcess {
  readonly pid: number
  /** Resolves once it serves; rejects with its words when it ends before. */
  readonly up: Promise<void>
  /** The address of its API; only once it is up. */
  readonly url: string
  /** All that it said so far. */
  readonly output: () => string
  /** Its exit code, once it has ended; null after a kill. */
  readonly exited: Promise<number | null>
  /** As a power cut would end it. */
  kill(): Promise<void>
  /** As an operator would end it: SIGTERM. Resolves with its exit code. */
  stop(): Promise<number | null>
  /** Whatever it takes; for the end of a test. */
  end(): Promise<void>
  /** Asks the API. @throws ApiRefusal with the status, or what `fetch` throws when nobody is there. */
  call<T>(token: string, path: string, body?: unknown, method?: string): Promise<T>
}

export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  readonly status: number
  readonly code: string

  constructor(path: string, status: number, code: string) {
    super(`${path}: ${status} ${code}`)
    this.status = status
    this.code = code
  }
}

const stopLimitMs = 30_000

/** `hear` gets everything it says. */
export function spawnGateway(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  hear: (text: string) => void,
): GatewayProcess {
  const child = spawn(program, args, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let url: string | undefined
  const exited = exitOf(child)
  const up = new Promise<void>((resolve, reject) => {
    const take = (chunk: string): void => {
      output += chunk
      hear(chunk)
      const found = /^(?:listening on (\S+)|running, without an API)$/m.exec(output)
      if (found === null) return
      url = found[1]
      resolve()
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    void exited.then((code) => reject(new Error(`the gateway ended with ${code} before it was up: ${output}`)))
  })
  // Whoever kills it before it is up need not have waited for it.
  up.catch(() => undefined)
  const gateway: GatewayProcess = {
    pid: child.pid ?? 0,
    up,
    get url() {
      if (url === undefined) throw new Error('the gateway is not up, or has no API')
      return url
    },
    output: () => output,
    exited,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async end() {
      child.kill('SIGTERM')
      const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
      await exited
      clearTimeout(limit)
    },
    async call<T>(token: string, path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
      const response = await fetch(`${gateway.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer = await response.text()
      if (!response.ok) throw new ApiRefusal(path, response.status, codeIn(answer))
      return (answer === '' ? null : JSON.parse(answer)) as T
    },
  }
  return gateway
}

function codeIn(answer: string): string {
  try {
    return String((JSON.parse(answer) as { code?: unknown }).code)
  } catch {
    return 'no problem document'
  }
}

/** Resolves with the exit code, null after a signal, once the process and its output have ended. */
async function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
}
