/** A worker dies with a lock-out in its hands: how long until another process has proven it. */
import { toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { atMost, type Claim } from './claim.ts'
import { settled } from './lock-out.ts'
import type { BenchRequest } from './request.ts'
import { openSite, type Queue, type Site, until } from './site.ts'

const totalMax = 6_000
const rounds = 3
/** So slow that a lock-out is surely under way when its worker dies. */
const slow = { fixedMs: 400 }

export async function benchFailover({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    times.push(await once(size, queue))
    say(`${Math.round(times.at(-1) as number)} ms from the kill to the proof`)
  }
  const worst = Math.max(...times)
  const name = `from the kill of a worker to the proof of its lock-out, worst of ${rounds}`
  return [atMost({ name, value: worst, unit: 'ms', floor: null }, totalMax)]
}

async function once(size: number, queue: Queue): Promise<number> {
  await using site = await openSite({
    latency: { fixedMs: 1 },
    queue,
    roles: ['api', 'scheduler'],
    others: [['worker'], ['worker']],
  })
  const { rows } = makeWorkforce({ size, seed: 7, today: new Date().toISOString().slice(0, 10), traps: 'none' })
  await site.drop('workers.csv', toCsv(rows))
  await site.planHeld()
  await site.release()
  await until('all accounts provisioned', () => settled(site), 600_000)
  await site.simulator.ask('latency', slow)
  await Promise.all(site.others.map((child) => child.ask('record')))
  const { id } = await site.call<{ id: string }>('/v1/people/find', { by: rows[0]?.employeeNumber })
  await site.call(`/v1/people/${id}/lock`, { reason: 'benchmark' })
  const holder = await until('a worker has taken it', () => holderOf(site), 10_000)
  const killedAt = new Date()
  await site.others[holder]?.kill()
  const provenAt = await until('the proof', () => proof(site), 60_000)
  return provenAt.getTime() - killedAt.getTime()
}

/** Which of the workers has sent requests since the lock-out was decided. */
async function holderOf(site: Site): Promise<number | null> {
  const { rows } = await site.pool.query('select from account_work where lease_until > now()')
  if (rows.length === 0) return null
  const led = await Promise.all(site.others.map((child) => child.ask<boolean>('busy')))
  const holder = led.indexOf(true)
  return holder === -1 ? null : holder
}

async function proof(site: Site): Promise<Date | null> {
  const { rows } = await site.pool.query<{ at: Date | null }>('select max(proven_at) as at from lockout')
  return rows[0]?.at ?? null
}
