/** Whether a day/time schedule is open at a moment of the server's local time. */
import { type Row, rows } from './row.ts'

const minutesOfDay = 1440

/** `local` as the server writes it, `2026-03-29T14:30:00`. */
export function isOpen(schedule: Row, local: string): boolean {
  const day = dayOf(schedule, local.slice(0, 10))
  if (day === null) return false
  const minute = day * minutesOfDay + Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16))
  return rows(schedule, 'DayPeriod').some((period) => {
    const { StartDay, StartHour, StartMinute, EndDay, EndHour, EndMinute } = period
    const start = Number(StartDay) * minutesOfDay + Number(StartHour) * 60 + Number(StartMinute)
    const end = Number(EndDay) * minutesOfDay + Number(EndHour) * 60 + Number(EndMinute)
    // An end of 0:00 on the start day is the midnight at the end of that day.
    const until = StartDay === EndDay && EndHour === 0 && EndMinute === 0 ? end + minutesOfDay : end
    return start <= minute && minute < until
  })
}

/** Day of the schedule's own period: 0 is Monday of a week, or its StartDate; null before it begins. */
function dayOf({ Type, StartDate, LengthInDays }: Row, date: string): number | null {
  const days = (text: string) => Date.parse(`${text}T00:00:00Z`) / 86_400_000
  if (Type !== 'Free') return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7
  const passed = days(date) - days(String(StartDate))
  return passed < 0 ? null : passed % Number(LengthInDays ?? 1)
}
