/** Writes an event as one line of the ArcSight Common Event Format, version 0, with its two ways of escaping. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventName } from '../../src/connector/event-name.ts'
import { flatFields } from '../../src/connector/flat-fields.ts'
import { classOfEvent } from './event-class.ts'

/** CEF knows 0 to 10, syslog 7 to 0. */
const cefSeverity = [10, 10, 8, 7, 6, 5, 3, 1] as const

/** What the format has a name for; all else has one that begins with `gatehouse`. */
const keys: Readonly<Record<string, string>> = { 'person.employeeNumber': 'suid' }

/** `severity` in the numbers of RFC 5424, section 6.2.1: 0 is the worst. */
export function cefText(event: OutgoingEvent, severity: number): string {
  const name = eventName(event)
  const head = ['Gatehouse', 'Gatehouse', '1', name, name.replaceAll(/[._]/g, ' '), String(cefSeverity[severity])]
  const fields: readonly (readonly [string, string])[] = [
    ['rt', String(Date.parse(event.time))],
    ['externalId', event.id],
    ['cat', classOfEvent(event)],
    ['gatehouseSource', event.source],
    ['gatehouseSequence', event.sequence],
    ...(event.subject === undefined ? [] : [['gatehouseSubject', event.subject] as const]),
    ...flatFields(event.data).map(([path, value]) => [keys[path] ?? keyOf(path), value] as const),
    ...nameIn(event.data).map((name) => ['suser', name] as const),
  ]
  return `CEF:0|${head.map(escapedHead).join('|')}|${fields.map(([key, value]) => `${key}=${escapedValue(value)}`).join(' ')}`
}

/** The format has one name for a person: as they are called, where that may be told. */
function nameIn({ person }: OutgoingEvent['data']): readonly string[] {
  const { givenName, preferredName, familyName } = (person ?? {}) as Readonly<Record<string, unknown>>
  const called = [preferredName ?? givenName, familyName].filter((part) => typeof part === 'string' && part !== '')
  return called.length === 0 ? [] : [called.join(' ')]
}

/** `door.name` -> `gatehouseDoorName`: keys have letters and digits. */
function keyOf(path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return `gatehouse${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`
}

function escapedHead(text: string): string {
  return oneLine(text).replace(/[\\|]/g, '\\$&')
}

/** In values a line break may be written, as `\n`; that is all that a reader takes for one. */
function escapedValue(text: string): string {
  const safe = text.toWellFormed().replace(/[\\=]/g, '\\$&')
  return oneLine(safe.replace(/\r\n|[\r\n\u2028\u2029]/g, '\\n'))
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
