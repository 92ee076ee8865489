/** One light sweep of a whole gateway, with all that it compares and notes in PostgreSQL, beside a bare loop that sends the same requests. */
import { atMost, type Claim } from './claim.ts'
import { replay } from './replay.ts'
import type { SentRequest } from './sent-requests.ts'
import { type Site, until } from './site.ts'

/** What a server of this kind usually takes. */
const latency = { fixedMs: 40 }
const timesMax = 1.3
/** For each account to open, compare and count, in ms: work of our own, which no request waits for. */
const ownMax = 0.3

interface Counts {
  readonly linked: number
  readonly begunAt: string
  readonly endedAt: string
}

/** Of a site whose accounts are settled. */
export async function sweptByGateway(site: Site, name: string): Promise<Claim> {
  await site.simulator.ask('latency', latency)
  await site.gateway.ask('record')
  const since = Date.now()
  await site.pool.query('update target set swept_at = null')
  const { linked, begunAt, endedAt } = await until('a sweep', () => countsSince(site, since), 120_000)
  const requests = (await site.gateway.ask<SentRequest[]>('recorded')).filter(isOfList)
  const bare = await replay(site.simulatorFacts, requests, 1)
  if (bare.refused > 0) throw new Error(`${bare.refused} requests of the bare loop were refused`)
  const ms = Date.parse(endedAt) - Date.parse(begunAt)
  const what = `light sweep of ${linked.toLocaleString('en-US')} accounts by the gateway, ${name}`
  return atMost({ name: what, value: ms, unit: 'ms', floor: bare.ms }, bare.ms * timesMax + linked * ownMax)
}

async function countsSince(site: Site, since: number): Promise<Counts | null> {
  const { rows } = await site.pool.query<{ counts: string | null }>('select sweep_counts as counts from target')
  const counts = JSON.parse(rows[0]?.counts ?? 'null') as Counts | null
  return counts !== null && Date.parse(counts.begunAt) >= since ? counts : null
}

/** Single reads, which are for another kind of sweep, are left out. */
function isOfList({ path, body }: SentRequest): boolean {
  return !path.startsWith('/api/users/') && !/PersonnelNo|<CarrierId\w+/.test(body ?? '')
}
