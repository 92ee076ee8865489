/**
 * `POST /api/audit/search`, the operators' log. Of this call it is known here that it exists, and no more: that it takes a `Query`
 * like the search of events, its columns, and what a row holds were chosen for this simulator. A real server will differ.
 */
import type { AuditEntry } from './audit-trail.ts'
import { type Fields, v1Moment } from './dialects.ts'
import { cappedLimit, record, whole, wholeOr } from './input.ts'
import { select } from './query.ts'
import type { Columns } from './query-conditions.ts'
import type { Answer, Call } from './route.ts'
import type { Simulation } from './simulation.ts'

const columns: Columns<AuditEntry> = {
  id: { read: ({ id }) => id },
  datetime: { read: ({ atMs }) => atMs, isMoment: true },
  'user_id.user_id': { read: ({ operator }) => operator, isPersonal: true },
  'device_id.id': { read: ({ reader }) => reader },
  ip: { read: ({ ip }) => ip },
  category: { read: ({ category }) => category },
  action: { read: ({ action }) => action },
  target: { read: ({ target }) => target, isPersonal: true },
}

export function searchAudit({ simulation, body }: Call): Answer {
  const { audit, quirks } = simulation
  const query = record(record(body).Query)
  const found = select(audit.entries, {
    query,
    columns,
    limit: cappedLimit(whole(query.limit), quirks.eventPageMax),
    offset: wholeOr(query.offset, 0),
    quirks,
  })
  return { body: { AuditCollection: { rows: found.map((entry) => auditRow(simulation, entry)) } } }
}

/** `user_id` is who did it, `target` to whom or what; what was written is named, never shown. */
function auditRow({ world, sync }: Simulation, entry: AuditEntry): Fields {
  const { id, atMs, operator, ip, reader, category, action, target, targetName, fields } = entry
  return {
    id,
    datetime: v1Moment(atMs),
    user_id: operator === null ? undefined : { user_id: operator, name: world.users.get(operator)?.name },
    device_id: reader === null ? undefined : { id: reader, name: sync.devices.get(reader)?.name },
    ip,
    category,
    action,
    target,
    target_name: targetName,
    modification: fields.join(', '),
  }
}
