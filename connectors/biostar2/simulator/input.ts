/** Reads what clients send as leniently as the server does: numbers and booleans may come as strings, one object may stand for a list. */
import { Refusal } from './envelope.ts'

export type Row = Record<string, unknown>

/** The object in `value`, else code 30. */
export function record(value: unknown): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row
  throw new Refusal('30')
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Refusal('30')
}

export function whole(value: unknown): number {
  const written = text(value).trim()
  if (!/^-?\d{1,15}$/.test(written)) throw new Refusal('30')
  return Number(written)
}

/** A whole number, or `fallback` when absent or empty. */
export function wholeOr(value: unknown, fallback: number): number {
  return value === undefined || value === null || value === '' ? fallback : whole(value)
}

/** How long a page may be: `limit` (0 is all) under a cap; null for no cap. */
export function cappedLimit(limit: number, cap: number | null): number {
  if (cap === null) return limit
  return limit === 0 ? cap : Math.min(limit, cap)
}

export function flag(value: unknown): boolean {
  const written = text(value).toLowerCase()
  if (written === 'true' || written === '1') return true
  if (written === 'false' || written === '0') return false
  throw new Refusal('30')
}

/** A list; `""` is an empty one, as the server itself writes it, and a lone object is a list of one. */
export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (value === '' || value === null) return []
  return [record(value)]
}

/** The number in `{"id": n}`. */
export function idIn(value: unknown): number {
  return whole(record(value).id)
}

/** Ids of a query value: `1+2` arrives as `1 2` or, when encoded, as `1+2`; both are taken. */
export function splitIds(value: string | null): string[] {
  return (value ?? '').split(/[\s+,]+/).filter((id) => id !== '')
}

const momentShape = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.\d{1,7})?)?Z?$/

/** A moment with or without seconds and `Z`, as UTC milliseconds. */
export function moment(value: unknown): number {
  const parts = momentShape.exec(text(value))
  const ms = parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}:${parts[3] ?? '00'}Z`)
  if (Number.isNaN(ms)) throw new Refusal('30')
  return ms
}

export interface Order {
  field: string
  descending: boolean
}

/** `user_id:false`; true means descending (API collection, bs2api.biostar2.com). */
export function order(value: unknown, fields: readonly string[], fallback: string): Order {
  if (value === undefined || value === null || value === '') return { field: fallback, descending: false }
  const [field = '', descending = 'false'] = text(value).split(':')
  if (!fields.includes(field)) throw new Refusal('30')
  return { field, descending: flag(descending) }
}

/** Path and query of a request target, whatever it is. */
export function splitUrl(url: string): { path: string; query: string } {
  const at = url.indexOf('?')
  return at === -1 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}
