/** A site whose people are provisioned and pass its doors, and whose events are told to a receiver. */
import { toCsv } from '../demo/workforce/csv.ts'
import { groups } from '../demo/workforce/gateway-config.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { settled } from './lock-out.ts'
import type { ReceiverFacts } from './receiver-child.ts'
import { openSite, type Queue, type Site, until } from './site.ts'

export interface EventSiteOptions {
  readonly queue: Queue
  readonly people: number
  readonly receiver: ReceiverFacts
  /** What it is told besides pseudonyms. */
  readonly reveal: readonly string[]
}

/** Of each group; 52 in all. */
const doorsOfGroup = 4
const levels = groups.map((name) => ({
  name,
  doors: Array.from({ length: doorsOfGroup }, (_, n) => `${name} ${n + 1}`),
}))

export async function openEventSite({ queue, people, receiver, reveal }: EventSiteOptions): Promise<Site> {
  const site = await openSite({ latency: { fixedMs: 0 }, queue, levels, receiver: { ...receiver, reveal } })
  try {
    const today = new Date().toISOString().slice(0, 10)
    await site.drop('workers.csv', toCsv(makeWorkforce({ size: people, seed: 7, today, traps: 'none' }).rows))
    await site.planHeld()
    await site.release()
    await until('all accounts provisioned', () => settled(site), 600_000)
    await until('all events so far are delivered', () => caughtUp(site), 60_000)
    return site
  } catch (error) {
    await site[Symbol.asyncDispose]()
    throw error
  }
}

/** The position of the newest event, once all up to it were taken by the receiver. */
export async function caughtUp(site: Site): Promise<number | null> {
  const { rows } = await site.pool.query<{ newest: number; told: number }>(
    `select s.position::int as newest, p.position::int as told from event_source s
       join subscription_position p on p.source = s.source where s.cursor is not null`,
  )
  return rows[0] !== undefined && rows[0].newest === rows[0].told ? rows[0].newest : null
}

/** As only the owner can. */
export async function emptyLog(site: Site): Promise<void> {
  await site.pool.query('truncate event, event_key, event_month, event_source')
}

/** As many as a site with that much to tell may well have, and few where only few events are made. */
export function peopleFor(events: number): number {
  return Math.max(20, Math.min(2_000, Math.round(events / 100)))
}
