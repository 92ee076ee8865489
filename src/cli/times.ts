/** Times as people give them on the command line, made into what the gateway takes. */
import { z } from 'zod'
import { durationMs } from '../model/duration.ts'
import { CliError, exitCodes } from './exit.ts'

/** Whether it has its zone: one that has none could mean two times. */
function isTime(text: string): boolean {
  return z.iso.datetime({ offset: true }).safeParse(text).success
}

/** A time with its zone, or so long ago, such as `2h`. @throws CliError `usage` for anything else, with the option's name. */
export function timeOrAgo(option: string, text: string): string {
  const ago = durationMs(text)
  if (ago !== null) return new Date(Date.now() - ago).toISOString()
  if (isTime(text)) return text
  throw refused(`${option} takes a time with its zone (2026-03-06T17:00:00Z), or so long ago (2h, 3d)`)
}

/** As `timeOrAgo`, or a day: its beginning, in UTC. @throws CliError `usage` for anything else. */
export function dayTimeOrAgo(option: string, text: string): string {
  if (z.iso.date().safeParse(text).success) return `${text}T00:00:00Z`
  if (isTime(text) || durationMs(text) !== null) return timeOrAgo(option, text)
  throw refused(
    `${option} takes a day (2026-03-01, which begins in UTC), a time with its zone (2026-03-01T08:00:00Z), or so long ago (2h, 3d)`,
  )
}

/** @throws CliError `usage` for a time without its zone, and for what is none. */
export function timeWithZone(option: string, text: string): string {
  if (isTime(text)) return text
  throw refused(`${option} takes a time with its zone, such as 2026-03-28T17:05:00+01:00`)
}

function refused(message: string): CliError {
  return new CliError(exitCodes.usage, message)
}
