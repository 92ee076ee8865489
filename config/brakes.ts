/** Compares the brakes of two configurations: a limit that lets more through than before is told apart from every other edit. */
import type { Config } from './config.ts'
import type { Edit } from './edits.ts'
import { brakes } from './schema.ts'

/** The limits that are looser in `after`, by path. Those of a source that is new are compared with the defaults. */
export function loosenedBrakes(before: Config, after: Config): readonly string[] {
  const defaults = limitsOf(brakes.parse(undefined))
  return Object.entries(after.sources).flatMap(([id, source]) => {
    const known = before.sources[id]
    const limits = known === undefined ? defaults : limitsOf(known.brakes)
    return [...limitsOf(source.brakes)].flatMap(([path, limit]) =>
      limit > (limits.get(path) ?? 0) ? [`sources.${id}.brakes${path}`] : [],
    )
  })
}

/** Whether an edit is one of a brake and of nothing else. */
export function isBrakeEdit({ path }: Edit): boolean {
  return /^sources\.[a-z0-9-]+\.brakes(\.|$)/.test(path)
}

/** Every number below `value`, by path. */
function limitsOf(value: unknown, path = ''): Map<string, number> {
  if (typeof value === 'number') return new Map([[path, value]])
  if (typeof value !== 'object' || value === null) return new Map()
  return new Map(Object.entries(value).flatMap(([key, each]) => [...limitsOf(each, `${path}.${key}`)]))
}
