/** Whether a stored row fits criteria: texts by their beginning, as a database does with LIKE, all else exactly. */
import type { Quirks } from './quirks.ts'
import type { Row } from './row.ts'

/** `criterion%` in the eyes of the database. */
export function isLike(value: string, criterion: string, { caseSensitive, likeWildcards }: Quirks): boolean {
  if (likeWildcards && /[%_]/.test(criterion)) return likePattern(criterion, caseSensitive).test(value)
  return caseSensitive ? value.startsWith(criterion) : value.toLowerCase().startsWith(criterion.toLowerCase())
}

function likePattern(criterion: string, caseSensitive: boolean): RegExp {
  const body = criterion
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return new RegExp(`^${body}`, caseSensitive ? 's' : 'is')
}

/** Only criteria that are supplied filter; lists and nested ones are for the caller to look at. */
export function fits(row: Row, criteria: Row, quirks: Quirks, ignored: ReadonlySet<string> = new Set()): boolean {
  for (const [name, wanted] of Object.entries(criteria)) {
    if (wanted === undefined || typeof wanted === 'object' || ignored.has(name)) continue
    const value = row[name]
    if (typeof wanted === 'string') {
      if (wanted !== '' && !(typeof value === 'string' && isLike(value, wanted, quirks))) return false
    } else if (value !== wanted) return false
  }
  return true
}
