/** Starts the demo's gateway as a child process, keeps what it logs, and ends it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Started } from './gateway-process.ts'

export interface GatewayProcess extends Started {
  stop(): Promise<void>
}

/** `roles` with commas between; `log` is given every line. @throws Error when the gateway ends before it is ready; its last words are in the message. */
export async function startGatewayProcess(
  config: string,
  roles: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<GatewayProcess> {
  const child = fork(new URL('./gateway-process.ts', import.meta.url), [config, roles], {
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('a child process without output')
  let said = ''
  createInterface({ input: stdout }).on('line', log)
  createInterface({ input: stderr }).on('line', (line) => {
    // The line that says what is wrong, and neither where in the code nor under which Node.js.
    if (/^[\w[]/.test(line) && !/^(?:Node\.js v|file:)/.test(line)) said = line
    log(line)
  })
  const ended = once(child, 'exit')
  const started = await Promise.race([
    once(child, 'message').then(([message]) => message as Started),
    ended.then(() => null),
  ])
  if (started === null) throw new Error(`the gateway ended before it was ready: ${said}`)
  return {
    ...started,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
