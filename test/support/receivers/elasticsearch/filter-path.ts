/** `filter_path`: only what a client asks for comes back, as the REST API documents it. */

/** Paths with dots, `*` for one name or a part of one, `**` for any number of them; lists are passed through. */
export function filtered(body: object, pattern: string): object {
  const paths = pattern.split(',').map((path) => path.split('.'))
  return (pick(body, paths) ?? {}) as object
}

function pick(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value
  if (Array.isArray(value)) {
    const kept = value.map((one) => pick(one, paths)).filter((one) => one !== undefined)
    return kept.length === 0 ? undefined : kept
  }
  if (typeof value !== 'object' || value === null) return undefined
  const kept = Object.entries(value).flatMap(([name, within]) => {
    const found = pick(
      within,
      paths.flatMap((path) => after(path, name)),
    )
    return found === undefined ? [] : [[name, found] as const]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/** What is left of a path below `name`; nothing when it does not lead there. */
function after([first = '', ...rest]: readonly string[], name: string): (readonly string[])[] {
  if (first === '**') return [[first, ...rest], ...after(rest, name)]
  const parts = first.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name) ? [rest] : []
}
