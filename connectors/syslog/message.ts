/** Writes an event as one message of RFC 5424, framed by its length as RFC 5425 asks. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventName } from '../../src/connector/event-name.ts'
import { flatFields } from '../../src/connector/flat-fields.ts'
import { cefText } from './cef.ts'
import { classOfEvent } from './event-class.ts'
import { facilities, type SyslogSettings, severities } from './settings.ts'

const nil = '-'

/** With its length in front; null when it is too long for the server even without a text. */
export function frameOf(event: OutgoingEvent, settings: SyslogSettings): Buffer | null {
  const head = headOf(event, settings)
  const whole =
    settings.format === 'cef'
      ? `${head} ${nil} ${cefText(event, severityOf(event, settings))}`
      : `${head} ${structuredData(event, settings)} ${asciiJson(event.data)}`
  if (Buffer.byteLength(whole) <= settings.max_bytes) return framed(whole)
  const short = `${head} ${structuredData(event, settings)}`
  return settings.format === 'cef' || Buffer.byteLength(short) > settings.max_bytes ? null : framed(short)
}

function framed(message: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(message)} ${message}`)
}

function severityOf(event: OutgoingEvent, settings: SyslogSettings): number {
  return severities.indexOf(settings.severities[classOfEvent(event)])
}

function headOf(event: OutgoingEvent, settings: SyslogSettings): string {
  const priority = facilities[settings.facility] * 8 + severityOf(event, settings)
  // MSGID: 32 characters at most, and the whole name is in the fields.
  const id =
    eventName(event)
      .replace(/[^\x21-\x7e]/g, '')
      .slice(0, 32) || nil
  return `<${priority}>1 ${event.time} ${settings.hostname ?? nil} ${settings.app_name} ${nil} ${id}`
}

function structuredData(event: OutgoingEvent, { enterprise }: SyslogSettings): string {
  const { id, source, sequence, subject } = event
  const fields: readonly (readonly [string, string])[] = [
    ['id', id],
    ['type', event.type],
    ['source', source],
    ['sequence', sequence],
    ...(subject === undefined ? [] : [['subject', subject] as const]),
    ...flatFields(event.data),
  ]
  const taken = new Set<string>()
  const parameters = fields.flatMap(([name, value]) => {
    const safe = parameterName(name)
    if (safe === null || taken.has(safe)) return []
    taken.add(safe)
    return [` ${safe}="${parameterValue(value)}"`]
  })
  return `[gatehouse@${enterprise}${parameters.join('')}]`
}

/** SD-NAME: up to 32 printable characters but `=`, blank, `]` and `"`. What has no such name is only in the text. */
function parameterName(name: string): string | null {
  const safe = name.replace(/[^\x21-\x7e]|[="\]]/g, '_')
  return safe.length > 32 ? null : safe
}

/** Control characters become blanks: the servers write lines, and no event may begin one. */
function parameterValue(value: string): string {
  return value
    .toWellFormed()
    .replace(/\p{Cc}+|[\u2028\u2029]/gu, ' ')
    .replace(/["\\\]]/g, '\\$&')
}

/** In ASCII alone a text needs no mark of its encoding in front, which some servers take for a part of it. */
function asciiJson(data: unknown): string {
  return JSON.stringify(data).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
