/** Writes one answer in the two dialects of the server: v1 makes every scalar a string, v2 keeps types and leaves absent values out. */
import type { Dialect } from './envelope.ts'
import type { Quirks } from './quirks.ts'

type Value = string | number | boolean | undefined | readonly Value[] | { readonly [key: string]: Value }
export type Fields = { [key: string]: Value }

/** JSON text of `body`. In v1 `12` becomes `"12"` and `true` becomes `"true"` (API collection, bs2api.biostar2.com). */
export function serialise(body: Fields, dialect: Dialect, emptyLists: Quirks['emptyLists']): string {
  // Nothing to reshape then, which counts for a list of 100,000 people.
  if (dialect === 'v2' && emptyLists === 'array') return JSON.stringify(body)
  return JSON.stringify(shape(body, dialect === 'v1', emptyLists))
}

function shape(value: Value, texts: boolean, emptyLists: Quirks['emptyLists']): Value {
  if (typeof value === 'string' || value === undefined) return value
  if (typeof value === 'number' || typeof value === 'boolean') return texts ? String(value) : value
  if (isList(value)) {
    if (value.length > 0) return value.map((item) => shape(item, texts, emptyLists))
    return emptyLists === 'array' ? value : emptyLists === 'string' ? '' : undefined
  }
  const shaped: Fields = {}
  for (const key in value) shaped[key] = shape(value[key], texts, emptyLists)
  return shaped
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** `"2001-01-01T00:00:00.00Z"`, the way v1 writes a moment. */
export function v1Moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 22)}Z`
}

/** `"2001-01-01T00:00:00"`, the way v2 writes it: no zone. */
export function v2Moment(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}
