/**
 * Who should be able to open what, worked out from the rows of HR alone, without any code of the gateway: so that a
 * misunderstanding there shows here.
 */
import { dateIn } from './site.ts'
import { everybody, groupOf } from './workforce/gateway-config.ts'
import type { WorkerRow } from './workforce/worker-row.ts'

export interface ExpectedAccount {
  /** Of the user at the door system: the employee number. */
  readonly id: string
  /** Names of access groups, sorted. */
  readonly groups: readonly string[]
  readonly card: { readonly number: string; readonly blocked: boolean }
}

export type ReasonForNone = 'starts later' | 'has left' | 'has worked the last day'

export interface Expectation {
  /** By user id. */
  readonly accounts: ReadonlyMap<string, ExpectedAccount>
  /** Everybody else, by person id. */
  readonly without: ReadonlyMap<string, ReasonForNone>
}

/** `zones` by the name of the site: a day begins and ends there, and not where the gateway runs. */
export function expectationOf(rows: readonly WorkerRow[], zones: ReadonlyMap<string, string>, now: Date): Expectation {
  const days = new Map([...zones].map(([site, zone]) => [site, dateIn(zone, now)]))
  const accounts = new Map<string, ExpectedAccount>()
  const without = new Map<string, ReasonForNone>()
  for (const [person, jobs] of Map.groupBy(rows, ({ personId }) => personId)) {
    const standings = jobs.map((job) => ({ job, reason: reasonAgainst(job, days.get(job.site)) }))
    const running = standings.filter(({ reason }) => reason === null).map(({ job }) => job)
    const [first] = running
    if (first === undefined) {
      const reasons = standings.map(({ reason }) => reason as ReasonForNone)
      without.set(person, reasons.includes('starts later') ? 'starts later' : (reasons.at(-1) as ReasonForNone))
      continue
    }
    const id = userIdOf(first)
    accounts.set(id, {
      id,
      groups: [...new Set([everybody, ...running.map(({ department }) => groupOf(department.trim()))])].sort(),
      card: { number: cardNumberOf(first), blocked: first.cardState === 'lost' },
    })
  }
  return { accounts, without }
}

/** Null when the job runs on this day of its site. */
function reasonAgainst(job: WorkerRow, today: string | undefined): ReasonForNone | null {
  if (today === undefined) throw new RangeError('a row names a site that the organisation does not have')
  if (job.status === 'terminated' || (job.end !== '' && job.end < today)) return 'has left'
  if (job.lastWorkingDay !== '' && job.lastWorkingDay < today) return 'has worked the last day'
  return job.start > today ? 'starts later' : null
}

export function userIdOf({ employeeNumber }: Pick<WorkerRow, 'employeeNumber'>): string {
  return employeeNumber.trim()
}

/** As a 26-bit reader gives it: facility code and number as one decimal. */
export function cardNumberOf({ cardFacility, cardNumber }: Pick<WorkerRow, 'cardFacility' | 'cardNumber'>): string {
  return String(cardFacility * 65_536 + cardNumber)
}
