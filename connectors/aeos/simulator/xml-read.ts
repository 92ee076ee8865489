/** Reads an element into a row by its type: names and types are known, so nothing is guessed from the text. */
import { XmlElement } from 'libxml2-wasm'
import type { Field } from './notation.ts'
import type { Cell, Row } from './row.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { complexTypes } from './types.ts'

export interface ReadRules {
  snapshot: Snapshot
  /** undefined for what is no moment at all. */
  moment(text: string): number | undefined
}

/** Elements that the type does not know are left out, and so are those of a later snapshot. */
export function readElement(element: XmlElement, type: string, rules: ReadRules): Cell {
  const complex = complexTypes.get(type)
  if (complex === undefined) return readText(element.content, type, rules)
  const row: Row = {}
  for (let node = element.firstChild; node !== null; node = node.next) {
    if (!(node instanceof XmlElement)) continue
    const fields = complex.byName.get(node.name) ?? []
    const field = fields.find(({ since, until }) => isIn(rules.snapshot, since, until))
    if (field === undefined) continue
    put(row, field, readElement(node, field.type, rules))
  }
  return row
}

function put(row: Row, { name, repeats }: Field, cell: Cell): void {
  if (cell === undefined) return
  const held = row[name]
  if (!repeats) row[name] = cell
  else if (Array.isArray(held)) held.push(cell)
  else row[name] = [cell]
}

function readText(content: string, type: string, rules: ReadRules): Cell {
  const trimmed = content.trim()
  switch (type) {
    case 'long':
    case 'int':
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : undefined
    case 'boolean':
      return trimmed === 'true' || trimmed === '1'
    case 'dateTime':
      return rules.moment(trimmed)
    case 'date':
      return trimmed.slice(0, 10)
    case 'base64Binary':
      return content.replace(/\s+/g, '')
    default:
      return content
  }
}
