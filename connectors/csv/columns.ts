/** Turns a file's header into the names that the mapping knows, and refuses a header that leaves a doubt. */
import { csvError } from './errors.ts'
import type { CsvSettings } from './settings.ts'

/**
 * One name for each position; null for a column without a name, which nothing can refer to.
 * Messages name only columns from the settings: in a file without a header, the first line is somebody's data.
 * @throws ConnectorError `rejected`: `csv.missing-column`, `csv.doubled-column`, `csv.header`
 */
export function resolveColumns(
  header: readonly (string | null)[],
  settings: CsvSettings['columns'],
): readonly (string | null)[] {
  const known = knownNames(settings)
  const names = header.map((cell) => (cell === null ? null : (known.get(folded(cell)) ?? cell)))
  const present = new Set(names)
  const missing = settings.required.filter((name) => !present.has(name))
  if (missing.length > 0) throw csvError('csv.missing-column', missing.join(', '))
  const positions = new Map<string, number>()
  for (const [index, name] of names.entries()) {
    if (name === null) continue
    const before = positions.get(name)
    if (before !== undefined) throw csvError('csv.doubled-column', `columns ${before + 1} and ${index + 1}`)
    // As a key of a plain object this name would change the object instead of holding a cell.
    if (name === '__proto__') throw csvError('csv.header', `column ${index + 1} has a name that can not be used`)
    positions.set(name, index)
  }
  return names
}

/**
 * How a column may be named to people and in the store: as the settings name it, else by its place; its own name may be somebody's data.
 */
export function tellableColumns(
  names: readonly (string | null)[],
  { required, aliases }: CsvSettings['columns'],
): readonly string[] {
  const told = new Set([...required, ...Object.keys(aliases)])
  return names.map((name, index) => (name !== null && told.has(name) ? name : `column ${index + 1}`))
}

function knownNames(settings: CsvSettings['columns']): ReadonlyMap<string, string> {
  const known = new Map<string, string>()
  for (const [name, aliases] of Object.entries(settings.aliases)) {
    for (const alias of aliases) known.set(folded(alias), name)
  }
  for (const name of [...settings.required, ...Object.keys(settings.aliases)]) known.set(folded(name), name)
  return known
}

function folded(name: string): string {
  return name.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase()
}
