/** One event as the server writes it, in a search or on the live socket. Whatever is missing or odd in it, the rest is still read. */
import { type Body, isObject } from '../envelope.ts'

interface Named {
  readonly id: string
  readonly name: string | null
}

export interface EventRecord {
  /** Row in the log of the server; null on the live socket, which does not tell it. */
  readonly row: number | null
  /** The same on the socket and in a search. */
  readonly key: string
  readonly code: string
  readonly name: string | null
  /** Milliseconds since 1970 by the clock of the device; null where it is not told. */
  readonly at: number | null
  /** The same in whole seconds, as the key witnesses it; null where it is no key of the usual form. */
  readonly keySeconds: number | null
  /** Wall time of the server when it wrote the event down, as it wrote that: with a Z that means nothing. */
  readonly serverTime: string | null
  readonly device: Named | null
  readonly doors: readonly Named[]
  readonly userId: string | null
  readonly tnaKey: string | null
  /** By the vendor's names, what no other field holds. */
  readonly detail: Readonly<Record<string, string>>
}

/** As long as any text of an event may be. */
const textMax = 512

/**
 * `hint` of a search and `Event.id` of the socket are the same 30 digits: second, device and index in the log of the device. Null for
 * what can't be told from other events.
 */
export function eventRecord(value: unknown, frameId?: unknown): EventRecord | null {
  if (!isObject(value)) return null
  const type = isObject(value.event_type_id) ? value.event_type_id : {}
  const code = scalar(type.code) ?? ''
  const row = rowOf(value)
  const at = momentOf(scalar(value.datetime))
  const device = named(value.device_id)
  const digits = [value.hint, value.id, frameId].map(scalar).find((each) => each !== undefined && isKey(each))
  const key = digits === undefined ? ownKey(value, row, at, device, code) : keyOf(digits, code)
  if (key === null) return null
  const userId = scalar(isObject(value.user_id) ? value.user_id.user_id : value.user_id)
  return {
    ...{ row, key, code, at, device },
    name: scalar(type.name) ?? null,
    keySeconds: digits === undefined ? null : Number(digits.slice(0, 10)),
    serverTime: scalar(value.server_datetime) ?? null,
    doors: (Array.isArray(value.door_id) ? value.door_id : [value.door_id]).flatMap((each) => named(each) ?? []),
    // No user has an id of zeros only (BioStar 2 API, Users).
    userId: userId === undefined || /^0+$/.test(userId) ? null : userId,
    tnaKey: scalar(value.tna_key) ?? null,
    detail: detailOf(value),
  }
}

function rowOf({ id }: Body): number | null {
  const text = scalar(id)
  const row = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(row) ? row : null
}

function isKey(text: string): boolean {
  return /^\d{30}$/.test(text)
}

/** What the server itself says has no place in the log of a device, so that two may share a second. */
function keyOf(digits: string, code: string): string {
  return /^0+$/.test(digits.slice(20)) ? `${digits}:${code}` : digits
}

/** The same digits where they can be worked out; else the row, which another copy of this log may not have. */
function ownKey(value: Body, row: number | null, at: number | null, device: Named | null, code: string): string | null {
  const index = scalar(value.index)
  if (at !== null && at >= 0 && device !== null && /^\d{1,10}$/.test(device.id) && /^\d{1,10}$/.test(index ?? '')) {
    const parts = [String(Math.floor(at / 1000)), device.id, index ?? '']
    return keyOf(parts.map((part) => part.padStart(10, '0')).join(''), code)
  }
  return row === null ? null : `row:${row}`
}

/** Fields of the record that are kept as they are, and the value that says nothing. */
const kept: Readonly<Record<string, string>> = {
  ...{ index: '', parameter: '-1', is_dst: '0', event_priority: '0', user_update_by_device: 'false' },
}

function detailOf(value: Body): Record<string, string> {
  const detail: Record<string, string> = {}
  for (const [field, nothing] of Object.entries(kept)) {
    const text = scalar(value[field])
    if (text !== undefined && text !== nothing) detail[field] = text
  }
  for (const [field, part] of Object.entries(isObject(value.timezone) ? value.timezone : {})) {
    const text = scalar(part)
    if (text !== undefined && /^[a-z]{1,20}$/.test(field)) detail[`timezone.${field}`] = text
  }
  return detail
}

function named(value: unknown): Named | null {
  const id = scalar(isObject(value) ? value.id : value)
  return id === undefined ? null : { id, name: (isObject(value) ? scalar(value.name) : undefined) ?? null }
}

/** UTC, whether or not a `Z` says so. */
function momentOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const moment = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(moment) ? null : moment
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.slice(0, textMax)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
