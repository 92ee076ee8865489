/** Writes a row as XML in the order of its type, leaving out what the snapshot does not know and what is empty. */
import { type Cell, ownType, type Row } from './row.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { complexType, complexTypes } from './types.ts'

export interface WriteRules {
  snapshot: Snapshot
  /** How the server writes a moment. */
  local(ms: number): string
}

/** Throws a TypeError on a row that does not fit its type: a mistake in this folder, not of a client. */
export function writeElement(
  name: string,
  type: string,
  cell: Exclude<Cell, undefined>,
  rules: WriteRules,
  attributes = '',
): string {
  if (!complexTypes.has(type)) return `<${name}${attributes}>${writeText(cell, type, rules)}</${name}>`
  if (typeof cell !== 'object' || Array.isArray(cell)) throw new TypeError(`${name} is no ${type}`)
  const own = cell[ownType]
  const typed = typeof own === 'string' && own !== type ? ` xsi:type="${own}"` : ''
  const inside = writeFields(typeof own === 'string' ? own : type, cell, rules)
  return inside === '' ? `<${name}${attributes}${typed}/>` : `<${name}${attributes}${typed}>${inside}</${name}>`
}

function writeFields(type: string, row: Row, rules: WriteRules): string {
  let written = ''
  for (const field of complexType(type).all) {
    const cell = row[field.name]
    if (cell === undefined || !isIn(rules.snapshot, field.since, field.until)) continue
    if (field.repeats) {
      if (!Array.isArray(cell)) throw new TypeError(`${field.name} is no list`)
      for (const one of cell) if (one !== undefined) written += writeElement(field.name, field.type, one, rules)
    } else if (cell !== '' || field.required) {
      // Empty optional fields are left out of answers rather than sent empty.
      written += writeElement(field.name, field.type, cell, rules)
    }
  }
  return written
}

function writeText(cell: Exclude<Cell, undefined>, type: string, { local }: WriteRules): string {
  if (type === 'dateTime' && typeof cell === 'number') return local(cell)
  if (typeof cell === 'object') throw new TypeError(`a ${type} is no object`)
  return escapeText(String(cell))
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }

export function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (sign) => escapes[sign] ?? sign)
}
