/** Lock-outs of leavers at a door system with its usual latency, from the bytes read to the separate read that proves them. */
import { leavers } from '../demo/workforce/changes.ts'
import { toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { percentile, pieces } from './arithmetic.ts'
import { startChild } from './child-process.ts'
import { atMost, type Claim } from './claim.ts'
import type { Replayed, ReplayRequest } from './replay-child.ts'
import type { BenchRequest } from './request.ts'
import type { SentRequest } from './sent-requests.ts'
import { openSite, type Site, until } from './site.ts'

const usualLatency = { medianMs: 40, p99Ms: 200 }
const totalMax = 1000
const ownShareMax = 100
/** One leaver in so many workers. */
const leaverShare = 10

export async function benchLockout({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using site = await openSite({ latency: { fixedMs: 1 }, queue })
  let workforce = makeWorkforce({ size, seed: 7, today: new Date().toISOString().slice(0, 10), traps: 'none' })
  await site.drop('workers.csv', toCsv(workforce.rows))
  await site.planHeld()
  await site.release()
  await until('all accounts provisioned', () => settled(site), 600_000)
  await site.simulator.ask('latency', usualLatency)
  await site.gateway.ask('record')
  say(`${size} people are provisioned; ${Math.round(size / leaverShare)} of them leave`)

  let gone = 0
  for (let pull = 0; gone < size / leaverShare; pull += 1) {
    const change = leavers(workforce, 1 + ((pull * 7) % 20), { how: 'terminated-now' })
    workforce = change.workforce
    gone += change.touched.length
    const rows = workforce.rows.filter(({ personId }) => change.touched.includes(personId))
    await site.drop(`changes-${String(pull).padStart(4, '0')}.csv`, toCsv(rows))
    await until('the pull', () => pulls(site, pull + 2), 60_000)
    await until('the proof of every lock-out', () => settled(site), 60_000)
  }
  const lockouts = await proven(site)
  const requests = await site.gateway.ask<SentRequest[]>('recorded')
  const totals = lockouts.map(({ totalMs }) => totalMs)
  const own = lockouts.map(({ totalMs, waitingMs }) => totalMs - waitingMs)
  const each = requests.length / lockouts.length
  say(
    `${lockouts.length} lock-outs with ${each.toFixed(1)} requests each; median ${Math.round(percentile(totals, 50))} ms`,
  )

  const floor = await backToBack(site, requests, Math.round(each))
  return [
    atMost({ name: `lock-out p99, of ${lockouts.length}`, value: percentile(totals, 99), unit: 'ms', floor }, totalMax),
    atMost(
      { name: 'of that not waiting for the door system, p99', value: percentile(own, 99), unit: 'ms', floor: null },
      ownShareMax,
    ),
  ]
}

export async function settled(site: Site): Promise<true | null> {
  const { rows } = await site.pool.query<{ settled: boolean }>(
    `select not exists (select from account_work w join account a on a.id = w.account_id
                         where w.dead_at is null and a.desired_version > a.applied_version)
            and not exists (select from lockout where proven_at is null and ended_at is null) as settled`,
  )
  return rows[0]?.settled === true ? true : null
}

async function pulls(site: Site, count: number): Promise<true | null> {
  const { rows } = await site.pool.query<{ done: number }>(
    'select count(*)::int as done from pull where finished_at is not null',
  )
  return (rows[0]?.done ?? 0) >= count ? true : null
}

export interface Lockout {
  readonly totalMs: number
  readonly waitingMs: number
}

export async function proven(site: Site): Promise<Lockout[]> {
  const { rows } = await site.pool.query<Lockout>(
    `select extract(epoch from proven_at - arrived_at)::float8 * 1000 as "totalMs", waiting_ms as "waitingMs"
       from lockout where proven_at is not null`,
  )
  return rows
}

/** The 99th percentile of so many of the same requests sent one after the other. */
async function backToBack(site: Site, requests: readonly SentRequest[], each: number): Promise<number> {
  await using loop = startChild('replay-child')
  const request: ReplayRequest = { simulator: site.simulatorFacts, requests, atOnce: 1 }
  const { spans } = await loop.ask<Replayed>('replay', request)
  const times = pieces(spans, each).map((piece) => (piece.at(-1)?.[1] ?? 0) - (piece[0]?.[0] ?? 0))
  return percentile(times, 99)
}
