/** Provisioning of a released plan, beside a bare loop that sends the very same requests to a fresh door system. */
import { toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { perSecond } from './arithmetic.ts'
import { startChild } from './child-process.ts'
import { atLeast, type Claim } from './claim.ts'
import type { DoorSystem, SimulatorFacts } from './door-systems.ts'
import { replay } from './replay.ts'
import type { Replayed } from './replay-child.ts'
import type { BenchRequest } from './request.ts'
import type { SentRequest } from './sent-requests.ts'
import { openSite, type Queue, type Site, until } from './site.ts'
import { levels } from './site-config.ts'
import { sweptByGateway } from './swept-by-gateway.ts'

const latency = { fixedMs: 5 }
const atOnce = 8
const shareMin = 0.7

export const benchProvisionOf =
  (kind: DoorSystem) =>
  async ({ size, queue, say }: BenchRequest): Promise<Claim[]> => {
    const { accounts, ms, requests, swept } = await provision(kind, size, queue)
    say(`${accounts} accounts in ${Math.round(ms)} ms with ${requests.length} requests`)
    const bare = await replayed(kind, requests)
    say(`the same requests alone took ${Math.round(bare.ms)} ms; ${bare.refused} of them were refused`)
    // A replay that the door system refuses would be a floor of other work.
    if (bare.refused > requests.length / 100) throw new Error(`${bare.refused} requests of the bare loop were refused`)
    const floor = perSecond(accounts, bare.ms)
    return [
      atLeast(
        {
          name: `provisioning of ${size.toLocaleString('en-US')} people, ${kind}`,
          value: perSecond(accounts, ms),
          unit: 'people/s',
          floor,
        },
        floor * shareMin,
      ),
      swept,
    ]
  }

interface Provisioned {
  readonly accounts: number
  readonly ms: number
  readonly requests: readonly SentRequest[]
  /** Since the accounts are there already. */
  readonly swept: Claim
}

/** From the release of the plan until the last account was read back. */
async function provision(kind: DoorSystem, size: number, queue: Queue): Promise<Provisioned> {
  await using site = await openSite({ kind, latency, queue })
  // Without traps: a mailbox that two people share is tried for a while, and would be timed instead.
  const { rows } = makeWorkforce({ size, seed: 7, today: new Date().toISOString().slice(0, 10), traps: 'none' })
  await site.drop('workers.csv', toCsv(rows))
  await site.planHeld()
  await site.gateway.ask('record')
  const begun = new Date()
  await site.release()
  const last = await until('all accounts provisioned', () => lastReadBack(site), 600_000)
  const { rows: done } = await site.pool.query<{ accounts: number }>(
    'select count(*)::int as accounts from account where applied_version = desired_version and desired_version > 0',
  )
  const requests = await site.gateway.ask<SentRequest[]>('recorded')
  const swept = await sweptByGateway(site, kind)
  return { accounts: done[0]?.accounts ?? 0, ms: last.getTime() - begun.getTime(), requests, swept }
}

async function lastReadBack(site: Site): Promise<Date | null> {
  const { rows } = await site.pool.query<{ last: Date | null }>(
    `select max(actual_at) as last from account where not exists (
       select from account_work w join account a on a.id = w.account_id where w.dead_at is null and a.desired_version > a.applied_version)`,
  )
  return rows[0]?.last ?? null
}

async function replayed(kind: DoorSystem, requests: readonly SentRequest[]): Promise<Replayed> {
  await using simulator = startChild('simulator-child')
  const facts = await simulator.ask<SimulatorFacts>('start', { kind, levels, latency })
  return await replay(facts, requests, atOnce)
}
