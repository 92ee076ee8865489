/** Processor time of other processes, as Linux counts it: where a figure is bound by the processor, this says by whose work. */
import { readdirSync, readFileSync } from 'node:fs'
import type pg from 'pg'

/** Fixed for everything that reads it (proc(5)). */
const msPerTick = 10

/** By whose it is, in ms so far; null where the system does not tell. */
export type CpuTimes = Readonly<Record<string, number | null>>

/** What was used in between, in words. */
export function cpuPerEvent(before: CpuTimes, after: CpuTimes, events: number): string {
  const each = Object.entries(after).flatMap(([name, ms]) => {
    const since = before[name] ?? null
    return ms === null || since === null ? [] : [`${name} ${(((ms - since) * 1000) / events).toFixed(1)} µs`]
  })
  return `processor per event: ${each.length === 0 ? 'not told' : each.join(', ')}`
}

/** In all of its threads. */
export function cpuMs(pid: number | undefined): number | null {
  const stat = pid === undefined ? null : statOf(pid)
  return stat === null ? null : stat.ownMs
}

/** The same of the whole PostgreSQL that this is a connection to. */
export async function postgresCpuMs(pool: pg.Pool): Promise<number | null> {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  const backend = statOf(rows[0]?.pid ?? 0)
  const postmaster = backend === null ? null : statOf(backend.parent)
  if (backend === null || postmaster === null) return null
  const children = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []))
  const living = children.filter(({ parent }) => parent === backend.parent)
  return postmaster.ownMs + postmaster.endedMs + living.reduce((sum, { ownMs }) => sum + ownMs, 0)
}

interface Stat {
  readonly parent: number
  readonly ownMs: number
  /** Of its children that have ended. */
  readonly endedMs: number
}

function statOf(pid: number): Stat | null {
  if (process.platform !== 'linux') return null
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // It has ended meanwhile.
    return null
  }
  // Behind the name, which may have anything in it (proc(5), /proc/pid/stat): state, ppid, and from the twelfth utime, stime, cutime, cstime.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  return {
    parent: Number(fields[1]),
    ownMs: (user + system) * msPerTick,
    endedMs: (endedUser + endedSystem) * msPerTick,
  }
}
