/** Runs one of PostgreSQL's programs to its end with nothing of ours: no environment, no directory, no rights of root. */
import { spawn } from 'node:child_process'
import type { RunAs } from './server-user.ts'

/** All that PostgreSQL gets to see of an environment. It finds its programs by its own place, so there is no PATH. */
export const cleanEnvironment = { LC_ALL: 'C.UTF-8', TZ: 'UTC' } as const

export interface RunResult {
  /** Null when it was ended by a signal, which the time limit does too. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** @throws what `spawn` throws when the program can't be started at all (`ENOENT`, `EACCES`, `EPERM`). */
export function run(
  program: string,
  args: readonly string[],
  as: RunAs,
  options: { readonly input?: string; readonly limitMs?: number } = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...as,
      cwd: '/',
      env: cleanEnvironment,
      detached: true,
      timeout: options.limitMs ?? 120_000,
      killSignal: 'SIGKILL',
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...output }))
    // A program that ends without reading its input says why by its exit code.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}
