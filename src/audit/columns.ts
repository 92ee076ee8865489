/** How rows of both audit tables are read: to the microsecond, and never more of a row than Gatehouse itself would write. */
import { detailsBytesMax } from './details.ts'
import type { AuditContent } from './entry.ts'

/** Longest actor, action and object, in characters. */
export const textMax = 200

/** `details_row`, `at` and so on as `toContent` takes them; what lies outside of Gatehouse's own bounds no longer fits its hash. */
export const contentColumns = `
  case when at >= '1970-01-01T00:00:00Z' and at < '10000-01-01T00:00:00Z'
    then to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else 'out of range' end as at,
  left(actor, ${textMax + 1}) as actor, left(action, ${textMax + 1}) as action, left(object, ${textMax + 1}) as object,
  case when octet_length(details) <= ${detailsBytesMax + 64} then details else '' end as details,
  details_row::text as details_row`

export interface ContentRow {
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly details: Buffer
  readonly details_row: string
}

export function toContent({ details_row: detailsRow, at, actor, action, object, details }: ContentRow): AuditContent {
  return { at, actor, action, object, details, detailsRow }
}
