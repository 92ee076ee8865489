/** The log of the gateway as layers below are handed it, who know no fields by name. */
import type { CodedLog, Log, LogFields } from '../telemetry/log.ts'

/** `message`: which of them it is. What they call a scope is logged as `where`. */
export function codedLog(log: Log, message: 'sync' | 'events' | 'deliveries'): CodedLog {
  return (level, event, fields) => {
    const { scope, ...rest } = fields ?? {}
    const known = { ...rest, ...(scope === undefined ? {} : { where: scope }) } as Omit<LogFields, 'event'>
    log[level]({ event, ...known }, message)
  }
}
