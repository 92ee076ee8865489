/** Tells what a process id is: the server of this cluster, something else that got the number, or dead. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { codeOf } from './errors.ts'

/** `unknown`: something has this id, and the system does not say what (`hidepid`). A zombie is dead. */
export type ProcessState = 'server' | 'other' | 'dead' | 'unknown'

/** `cluster` is the path exactly as it was given to `postgres -D`. */
export async function processState(pid: number, cluster: string): Promise<ProcessState> {
  if (!takesSignals(pid)) return 'dead'
  return process.platform === 'linux' ? await fromProc(pid, cluster) : fromPs(pid, cluster)
}

function takesSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** proc(5): the state follows the name, which is in parentheses and may hold any character. */
async function fromProc(pid: number, cluster: string): Promise<ProcessState> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'latin1')
    const state = status.charAt(status.lastIndexOf(')') + 2)
    if (state === 'Z' || state === 'X') return 'dead'
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    return isServer(basename(program), args, cluster) ? 'server' : 'other'
  } catch (error) {
    // Gone meanwhile, hidden from us, or no file descriptor left to look with.
    return codeOf(error) === 'ESRCH' || !takesSignals(pid) ? 'dead' : 'unknown'
  }
}

function isServer(program: string, args: readonly string[], cluster: string): boolean {
  return program === 'postgres' && args[0] === '-D' && args[1] === cluster
}

function fromPs(pid: number, cluster: string): ProcessState {
  let line: string
  try {
    line = execFileSync('/bin/ps', ['-o', 'state=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    // `ps` ends with 1 when there is no such process.
    return 'dead'
  }
  if (line.startsWith('Z')) return 'dead'
  return line.includes(`/postgres -D ${cluster} `) ? 'server' : 'other'
}
