/** What a message holds once it is read, and how a handler takes single values out of it. */

/** Times are milliseconds since 1970 UTC; ids and counts are numbers; repeating elements are arrays. */
export type Cell = string | number | boolean | Row | Cell[] | undefined

export interface Row {
  [element: string]: Cell
}

/** Under this key a row names its own type where that is not the declared one: it is written with `xsi:type`. */
export const ownType = '$type'

/** A cell that is missing or of another type than the handler was promised: only possible when the schema is not checked. */
export class WrongCell extends Error {}

export function maybeLong(row: Row, name: string): number | undefined {
  const cell = row[name]
  if (cell === undefined || typeof cell === 'number') return cell
  throw new WrongCell(`${name} is no number`)
}

export function long(row: Row, name: string): number {
  return maybeLong(row, name) ?? missing(name)
}

export function maybeText(row: Row, name: string): string | undefined {
  const cell = row[name]
  if (cell === undefined || typeof cell === 'string') return cell
  throw new WrongCell(`${name} is no text`)
}

export function text(row: Row, name: string): string {
  return maybeText(row, name) ?? missing(name)
}

export function flag(row: Row, name: string): boolean {
  return row[name] === true
}

export function maybeInner(row: Row, name: string): Row | undefined {
  const cell = row[name]
  return typeof cell === 'object' && !Array.isArray(cell) ? cell : undefined
}

export function inner(row: Row, name: string): Row {
  return maybeInner(row, name) ?? missing(name)
}

export function rows(row: Row, name: string): Row[] {
  const cell = row[name]
  return Array.isArray(cell) ? cell.filter((one): one is Row => typeof one === 'object' && !Array.isArray(one)) : []
}

export function longs(row: Row, name: string): number[] {
  const cell = row[name]
  return Array.isArray(cell) ? cell.filter((one) => typeof one === 'number') : []
}

export function texts(row: Row, name: string): string[] {
  const cell = row[name]
  return Array.isArray(cell) ? cell.filter((one) => typeof one === 'string') : []
}

function missing(name: string): never {
  throw new WrongCell(`${name} is missing`)
}
