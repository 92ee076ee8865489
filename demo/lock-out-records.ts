/** The gateway's own record of every lock-out, read from its store one by one: an average over a day could hide a slow one. */
import type pg from 'pg'
import { percentile } from './claims.ts'
import type { DoorSystem, PerSystem } from './door-system.ts'

export interface LockOutRecord {
  readonly person: string
  /** Name of the door system in the configuration. */
  readonly target: string
  readonly cause: string
  /** From the record's bytes, read from a settled file, to the separate read that proved the lock-out. */
  readonly totalMs: number
  /** The total without the time in which a request was under way, or waited for a place at the door system. */
  readonly ownMs: number
  /** From the bytes to the decision, and from there until a worker began. */
  readonly decideMs: number
  readonly beginMs: number
  readonly requests: number
  readonly provenAt: Date
  /** How sure the proof is. */
  readonly proof: string
}

/** Proven lock-outs of these people, by the gateway's ids, that arrived since. */
export async function lockOutRecords(
  store: pg.Client,
  people: readonly string[],
  since: Date,
): Promise<readonly LockOutRecord[]> {
  const { rows } = await store.query<LockOutRecord>(
    `select person_id as person, target, cause, requests, proven_at as "provenAt", coalesce(proof, '') as proof,
            (extract(epoch from proven_at - arrived_at) * 1000)::float8 as "totalMs",
            (extract(epoch from proven_at - arrived_at) * 1000 - waiting_ms)::float8 as "ownMs",
            (extract(epoch from decided_at - arrived_at) * 1000)::float8 as "decideMs",
            (extract(epoch from started_at - decided_at) * 1000)::float8 as "beginMs"
       from lockout where person_id = any($1::uuid[]) and arrived_at >= $2 and proven_at is not null`,
    [people, since],
  )
  return rows
}

/** How many lock-outs that arrived since are proven, whoever they are of; each is of one person at one door system. */
export async function provenSince(store: pg.Client, since: Date): Promise<number> {
  const { rows } = await store.query<{ count: number }>(
    'select count(*)::int as count from lockout where arrived_at >= $1 and proven_at is not null',
    [since],
  )
  return rows[0]?.count ?? 0
}

/** Whether the lock-outs of so many people that arrived since are proven at every door system. */
export async function allProven(
  { store, systems }: { readonly store: pg.Client; readonly systems: readonly DoorSystem[] },
  people: number,
  since: Date,
): Promise<boolean> {
  return (await provenSince(store, since)) >= people * systems.length
}

/** At each door system, the slowest of these from bytes to proof; NaN where there is none. */
export function slowestAt(systems: readonly DoorSystem[], records: readonly LockOutRecord[]): PerSystem {
  return new Map(
    systems.map(({ name, target }) => {
      const there = records.filter((record) => record.target === target)
      return [name, figuresOf(there).totalMaxMs]
    }),
  )
}

/** For each delivery since, how long its file was watched until it counted as settled, in ms. */
export async function settleTimes(store: pg.Client, since: Date): Promise<readonly number[]> {
  const { rows } = await store.query<{ settled_ms: number }>('select settled_ms from pull where arrived_at >= $1', [
    since,
  ])
  return rows.map(({ settled_ms }) => settled_ms)
}

export interface LockOutFigures {
  readonly totalP50Ms: number
  readonly totalP99Ms: number
  readonly totalMaxMs: number
  readonly ownP99Ms: number
  readonly decideP99Ms: number
  readonly beginP99Ms: number
  readonly requestsMean: number
  readonly requestsMax: number
}

const p99 = (values: readonly number[]): number => percentile(values, 0.99)

/** Figures over exactly these; all NaN of none. */
export function figuresOf(records: readonly LockOutRecord[]): LockOutFigures {
  const totals = records.map(({ totalMs }) => totalMs)
  const requests = records.map((record) => record.requests)
  return {
    totalP50Ms: percentile(totals, 0.5),
    totalP99Ms: p99(totals),
    totalMaxMs: percentile(totals, 1),
    ownP99Ms: p99(records.map(({ ownMs }) => ownMs)),
    decideP99Ms: p99(records.map(({ decideMs }) => decideMs)),
    beginP99Ms: p99(records.map(({ beginMs }) => beginMs)),
    requestsMean: requests.reduce((sum, count) => sum + count, 0) / requests.length,
    requestsMax: percentile(requests, 1),
  }
}
