/** Whose word changes what is wanted: a source, a target that has to be told again, or the gateway itself. Plans are made by origin. */
import type { Brakes, SyncContext } from './context.ts'

/** Ids hold no colon, so a source that is called `clock` is not the clock. */
export type Origin = `source:${string}` | `target:${string}` | 'clock' | 'policy' | 'operator'

export function sourceOrigin<Id extends string>(source: Id): `source:${Id}` {
  return `source:${source}`
}

/** Whose changes these are: of accounts that were linked, and of what a target has to be told again. */
export function targetOrigin<Id extends string>(target: Id): `target:${Id}` {
  return `target:${target}`
}

const ofSource = 'source:'

/** The id of the source; null for what no source brought. */
export function sourceOf(origin: string): string | null {
  return origin.startsWith(ofSource) ? origin.slice(ofSource.length) : null
}

/** The source's own brakes; `otherwise` for what no source brought, or one that the configuration names no more. */
export function brakesOf({ sources }: SyncContext, origin: string, otherwise: Brakes): Brakes {
  const source = sourceOf(origin)
  return (source === null ? undefined : sources.get(source)?.brakes) ?? otherwise
}
