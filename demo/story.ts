/** What the scenes share: the house, who tells, and what HR knows by now. */
import type { PersonView } from '../src/api/acts/people.ts'
import type { PlanView } from '../src/api/acts/plans.ts'
import type { StatusView } from '../src/api/acts/status.ts'
import { atEach, compare, type DoorSystem, isRight, type PerSystem, type Verdict } from './door-system.ts'
import { type Expectation, expectationOf, userIdOf } from './expectation.ts'
import type { House } from './house.ts'
import type { Narrator } from './narrator.ts'
import { exportDay, siteZones } from './site.ts'
import { leavers } from './workforce/changes.ts'
import { type CsvOptions, toCsv } from './workforce/csv.ts'
import type { WorkerRow } from './workforce/worker-row.ts'
import { makeWorkforce, type Workforce } from './workforce/workforce.ts'

export interface Story {
  readonly house: House
  readonly narrator: Narrator
  /** As HR has it now; a scene that changes people puts the new one here. */
  workforce: Workforce
  /** Levels by account that somebody gave by hand, at each door system. */
  readonly byHand: Map<string, readonly string[]>
  /** Accounts that wait for somebody else to make room, by the gateway's ids. */
  readonly waiting: Set<string>
  /** The workforce at the beginning: what the stores are searched for in the end. */
  readonly beginning: Workforce
  /** Deltas that were dropped, for their names. */
  deltas: number
  readonly zones: ReadonlyMap<string, string>
}

export function beginStory(house: House, narrator: Narrator, size: number): Story {
  const now = new Date()
  const workforce = makeWorkforce({ size, seed: 7, today: exportDay(now) })
  return {
    house,
    narrator,
    workforce,
    beginning: workforce,
    byHand: new Map(),
    waiting: new Set(),
    deltas: 0,
    zones: siteZones(now),
  }
}

export const trailered: Partial<CsvOptions> = { trailer: true }

/** HR delivers rows that changed, with a control total at the end. */
export async function deliverChanges(story: Story, people: readonly string[]): Promise<void> {
  story.deltas += 1
  await story.house.drop(`changes-${String(story.deltas).padStart(4, '0')}.csv`, deltaOf(story.workforce, people))
}

/** A file with all rows of these people and nobody else. */
export function deltaOf({ rows }: Workforce, people: readonly string[]): Buffer {
  const named = new Set(people)
  return toCsv(
    rows.filter(({ personId }) => named.has(personId)),
    trailered,
  )
}

/** HR says that one ordinary person has left, none of `except`; the file is still to be delivered. */
export function somebodyLeaves(story: Story, except: ReadonlySet<string>): string {
  const others = story.workforce.rows.filter(({ personId }) => !except.has(personId))
  const [person = ''] = leavers({ ...story.workforce, rows: others }, 1, { how: 'terminated-now' }).touched
  story.workforce = leavers(story.workforce, [person], { how: 'terminated-now' }).workforce
  return person
}

export function expectation(story: Story): Expectation {
  return expectationOf(story.workforce.rows, story.zones, new Date())
}

/** At each door system, a figure of how it compares as a whole with HR's rows. */
export function judge(story: Story, figure: (verdict: Verdict) => number): Promise<PerSystem> {
  const wanted = expectation(story)
  return atEach(story.house.systems, (system) => figure(compare(system.accounts(), wanted, story.byHand)))
}

/** How many of these people's accounts are exactly as expected there by now; asks for them alone, since it is asked again and again. */
export function rightAt(
  { byHand }: Story,
  system: DoorSystem,
  { accounts }: Expectation,
  ids: readonly string[],
): number {
  return ids.filter((id) => {
    const [account, wanted] = [system.account(id), accounts.get(id)]
    return account !== null && wanted !== undefined && isRight(account, wanted, byHand.get(id) ?? [])
  }).length
}

/** The same where it is least. */
export function rightEverywhere(story: Story, wanted: Expectation, ids: readonly string[]): number {
  return Math.min(...story.house.systems.map((system) => rightAt(story, system, wanted, ids)))
}

/** The rows of one person; the first tells number and card, which all of them share. */
export function rowOf(story: Story, personId: string): WorkerRow {
  const row = story.workforce.rows.find((candidate) => candidate.personId === personId)
  if (row === undefined) throw new RangeError('HR knows no such person')
  return row
}

export function status({ house }: Story): Promise<StatusView> {
  return house.call<StatusView>('/v1/status')
}

export async function heldPlan({ house }: Story): Promise<PlanView | null> {
  const { rows } = await house.call<{ rows: PlanView[] }>('/v1/plans?state=held&limit=1')
  return rows[0] ?? null
}

/** The gateway's own id of a person, found by employee number as an operator would. */
export async function gatewayIdOf({ house }: Story, row: WorkerRow): Promise<string> {
  return (await house.call<{ id: string }>('/v1/people/find', { by: userIdOf(row) })).id
}

export function personView({ house }: Story, id: string): Promise<PersonView> {
  return house.call<PersonView>(`/v1/people/${id}`)
}

/**
 * Whether everything is written and read back, but for what waits for a person, or for somebody else to make room. Who waits so keeps
 * waiting when the door system is away at the time of a try.
 */
export async function isSettled({ house, waiting }: Story): Promise<boolean> {
  const { rows } = await house.store.query<{ id: string; isTaken: boolean }>(
    `select a.id, coalesce(a.failures, '') like '%"conflict"%' as "isTaken"
       from account a left join account_work w on w.account_id = a.id
      where a.desired_version > a.applied_version and w.dead_at is null`,
  )
  const open = new Set(rows.map(({ id }) => id))
  for (const id of waiting) if (!open.has(id)) waiting.delete(id)
  for (const { id, isTaken } of rows) if (isTaken) waiting.add(id)
  return waiting.size === open.size
}

/** Besides, whether nothing is to be looked at once more: a write whose answer was lost may land late. */
export async function isQuiet(story: Story): Promise<boolean> {
  const { rows } = await story.house.store.query<{ open: number }>(
    'select count(*)::int as open from account_work where dead_at is null and verify_at is not null',
  )
  return rows[0]?.open === 0 && (await isSettled(story))
}

export interface Waiting {
  readonly limitMs?: number
  readonly everyMs?: number
  /** Shown while waiting, after each look. */
  readonly progress?: () => string
}

/** Waits for a condition. @throws Error that names what was waited for in vain. */
export async function until(
  story: Pick<Story, 'narrator'>,
  what: string,
  holds: () => boolean | Promise<boolean>,
  { limitMs = 60_000, everyMs = 100, progress = () => what }: Waiting = {},
): Promise<void> {
  const begun = performance.now()
  while (!(await holds())) {
    if (performance.now() - begun > limitMs) throw new Error(`waited in vain for: ${what}`)
    story.narrator.progress(progress())
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
