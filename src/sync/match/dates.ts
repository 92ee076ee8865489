/** Whether an account begins on the day on which a person does: what tells people of one name apart, as far as anything does. */
import { wallTime } from '../../connector/zone.ts'
import type { Employment } from '../../model/person.ts'

/** `unknown`: one of the two says no day that means anything. */
export type DateFit = 'fits' | 'differs' | 'unknown'

/** Days that systems write where nobody knows one. */
const placeholders = new Set(['1970-01-01', '1980-01-01', '2000-01-01', '2001-01-01'])
/** Nobody who is here began before, and what is to begin after stands for never. */
const [earliest, latest] = ['1940-01-01', '2037-12-31']

function real(day: string | null): string | null {
  return day === null || placeholders.has(day) || day < earliest || day >= latest ? null : day
}

/** The day that the clocks of `zone` show at this instant (ISO 8601); null for none, and for one that stands for none. */
export function dayOf(instant: string | null, zone: string): string | null {
  if (instant === null) return null
  return real(new Date(wallTime(Date.parse(instant), zone)).toISOString().slice(0, 10))
}

/** The first day of each employment; null for one that is not known. */
export function firstDays(employments: readonly Pick<Employment, 'start'>[]): readonly (string | null)[] {
  return employments.map(({ start }) => real(start))
}

/** Differs only where each first day of the person is known, and another one. */
export function dateFit(day: string | null, days: readonly (string | null)[]): DateFit {
  if (day === null || days.length === 0) return 'unknown'
  if (days.includes(day)) return 'fits'
  return days.includes(null) ? 'unknown' : 'differs'
}
