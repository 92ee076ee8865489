/** What was edited between two sets of deciding sections: each place by its path, with what was there before and after. */
import { asMap } from './checks.ts'
import { type Deciding, encodeDeciding } from './deciding.ts'
import { type Path, pathText } from './problem.ts'
import { parseReference } from './reference.ts'
import type { Shape } from './shape.ts'

export interface Edit {
  /** `policy[2].to`, `targets.hq.settings.url`. An index is that of the list in which the entry stands, the newer one if in both. */
  readonly path: string
  /** As JSON; null when there was nothing. A secret is never here: of one that is written as it should be, the reference is. */
  readonly before: string | null
  readonly after: string | null
}

/** In the order of the paths; empty only when both are the same. */
export function editsBetween(before: Deciding, after: Deciding, shapes: { before: Shape; after: Shape }): Edit[] {
  const found: { readonly path: Path; readonly before: unknown; readonly after: unknown }[] = []

  function walk(path: Path, was: unknown, is: unknown): void {
    if (same(was, is)) return
    if (isList(was) && isList(is)) walkLists(path, was, is)
    else if (hasParts(was) || hasParts(is)) walkMaps(path, was, is)
    else found.push({ path, before: was, after: is })
  }

  function walkMaps(path: Path, was: unknown, is: unknown): void {
    const parts = [was, is].map(partsOf)
    // Of a list that stands where a map or a single value was, or the other way round, each is shown by its own parts.
    if (parts[0] === null && !isNothing(was)) found.push({ path, before: was, after: undefined })
    if (parts[1] === null && !isNothing(is)) found.push({ path, before: undefined, after: is })
    const keys = new Set([...(parts[0]?.keys() ?? []), ...(parts[1]?.keys() ?? [])])
    for (const key of [...keys].sort(byKey)) walk([...path, key], parts[0]?.get(key), parts[1]?.get(key))
  }

  /** What both begin and end with is left aside, so that an entry put in between does not show as an edit of all that follow. */
  function walkLists(path: Path, was: readonly unknown[], is: readonly unknown[]): void {
    let start = 0
    while (start < Math.min(was.length, is.length) && same(was[start], is[start])) start += 1
    let end = 0
    while (end < Math.min(was.length, is.length) - start && same(was.at(-1 - end), is.at(-1 - end))) end += 1
    const [gone, come] = [was.slice(start, was.length - end), is.slice(start, is.length - end)]
    if (gone.length === come.length)
      for (const [at, each] of gone.entries()) walk([...path, start + at], each, come[at])
    else {
      for (const [at, each] of gone.entries()) walk([...path, start + at], each, undefined)
      for (const [at, each] of come.entries()) walk([...path, start + at], undefined, each)
    }
  }

  walk([], before, after)
  return found.map((edit) => ({
    path: pathText(edit.path),
    before: shown(edit.before, edit.path, shapes.before),
    after: shown(edit.after, edit.path, shapes.after),
  }))
}

function same(left: unknown, right: unknown): boolean {
  return encodeDeciding({ value: left }) === encodeDeciding({ value: right })
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** Nothing is lost when what takes its place is shown. */
function isNothing(value: unknown): boolean {
  return value === undefined || same(value, {})
}

/** Whether it is shown part by part: a map, or a list that holds maps. */
function hasParts(value: unknown): boolean {
  return partsOf(value) !== null
}

function partsOf(value: unknown): ReadonlyMap<string | number, unknown> | null {
  if (isList(value)) return value.some((each) => typeof each === 'object') ? new Map(value.entries()) : null
  const entries = Object.entries(asMap(value))
  return entries.length === 0 ? null : new Map<string | number, unknown>(entries)
}

function byKey(left: string | number, right: string | number): number {
  return typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : 1
}

function shown(value: unknown, path: Path, shape: Shape): string | null {
  if (value === undefined) return null
  const isOpen =
    !shape.isSecret(path) || value === null || (typeof value === 'string' && parseReference(value) !== null)
  return isOpen ? JSON.stringify(value) : '(secret)'
}
