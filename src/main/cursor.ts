/** Where a page begins, as callers send it back: refused in words when it is nothing that a page before has given. */
import { ActError } from '../api/acts/act-error.ts'

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const forms = {
  number: /^\d{1,15}$/,
  id: new RegExp(`^${uuid}$`),
  lockout: new RegExp(`^(open|over)/${uuid}$`),
  change: new RegExp(`^${uuid}/[\\w:-]{1,100}$`),
} as const

/** @throws ActError `page.unknown-cursor`. */
export function checkedCursor(after: string | undefined, form: keyof typeof forms): string | null {
  if (after === undefined) return null
  if (forms[form].test(after)) return after
  throw new ActError(400, 'page.unknown-cursor', '`after` is not the `next` of a page before.')
}
