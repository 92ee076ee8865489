/** The sections of a configuration that decide about people and doors, apart from those that only place a process. */
import { asMap } from './checks.ts'
import type { Path } from './problem.ts'

/** Sections as they are written, by name, with secrets as their references. */
export type Deciding = Readonly<Record<string, unknown>>

/**
 * What only places a process: where it listens, stores, finds its keys and sends its traces. Of these sections the named fields decide all the same. A
 * section that is not here decides, so that one which is new is not left out by accident.
 */
const placing: Readonly<Record<string, readonly string[]>> = {
  gateway: ['zone'],
  http: [],
  database_url: [],
  redis_url: [],
  keys: ['backup_horizon'],
  telemetry: [],
}

export function decidingOf(whole: unknown): Deciding {
  return split(whole).deciding
}

/** The file as a whole, with these sections in the place of its own. */
export function withDeciding(whole: unknown, deciding: Deciding): unknown {
  const { rest } = split(whole)
  const merged = Object.keys(placing).flatMap((name) => {
    const [own, given] = [rest[name], deciding[name]]
    if (own === undefined && given === undefined) return []
    return [[name, given === undefined ? own : { ...asMap(own), ...asMap(given) }] as const]
  })
  return { ...deciding, ...Object.fromEntries(merged) }
}

export function isDeciding([section, field]: Path): boolean {
  const fields = placing[String(section)]
  return section !== undefined && (fields === undefined || fields.some((known) => known === field))
}

function split(whole: unknown): { readonly deciding: Deciding; readonly rest: Deciding } {
  const deciding: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [name, section] of Object.entries(asMap(whole))) {
    if (placing[name] === undefined) deciding[name] = section
    else if (typeof section !== 'object' || section === null || Array.isArray(section)) rest[name] = section
    else {
      const fields = Object.entries(section).map(([field, value]) => [field, value, isDeciding([name, field])] as const)
      const chosen = (decides: boolean) =>
        Object.fromEntries(fields.flatMap(([field, value, is]) => (is === decides ? [[field, value]] : [])))
      if (fields.some(([, , is]) => is)) deciding[name] = chosen(true)
      rest[name] = chosen(false)
    }
  }
  return { deciding, rest }
}

/** The same sections give the same text, in whatever order their keys were written. */
export function encodeDeciding(deciding: Deciding): string {
  return JSON.stringify(sorted(deciding))
}

/** Reads what `encodeDeciding` wrote; the text comes from a row whose guard was verified. */
export function decodeDeciding(text: string): Deciding {
  return JSON.parse(text) as Deciding
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}
