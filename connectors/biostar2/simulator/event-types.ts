/** The event codes of the vendor's lists, with the names and descriptions that the live socket tells and the search does not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Fields } from './dialects.ts'
import type { Answer } from './route.ts'

interface EventType {
  code: number
  name: string
  description: string
  /** An alert may be raised of it. Which codes these are is not published: here what is an alarm by its meaning. */
  alertable: boolean
}

// `name` with the server's own misspellings; `meaning` and `category` are not BioStar's words.
const columns = ['code', 'name', 'meaning', 'category'] as const
const rows: Record<(typeof columns)[number], string>[] = parse(
  readFileSync(join(import.meta.dirname, 'event-types.csv')),
  { columns: [...columns], from: 2 },
)

/** All of them, in the order of their codes. */
export const eventTypes: readonly EventType[] = rows.map(({ code, name, meaning, category }) => ({
  code: Number(code),
  name,
  description: meaning,
  alertable: category === 'alarm',
}))

const byCode = new Map(eventTypes.map((type) => [type.code, type]))

/** `event_type_id` on the live socket; a code of no list has no name, as on a server older than its readers. */
export function describedType(code: number): Fields {
  const type = byCode.get(code)
  return {
    code,
    name: type?.name ?? '',
    description: type?.description ?? '',
    enable_alert: false,
    alertable: type?.alertable ?? false,
    alert_name: '',
    alert_message: '',
  }
}

/** `GET /api/event_types`. Its three parameters are taken and make no difference here: nothing can be renamed. */
export function listEventTypes(): Answer {
  const shown = eventTypes.map(({ code }) => describedType(code))
  return { body: { EventTypeCollection: { total: shown.length, rows: shown } } }
}
