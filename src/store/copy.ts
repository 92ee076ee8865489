/** COPY for many rows at once: several times faster than INSERT, and the floor that imports are measured against. */
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

export type CopyValue = string | number | boolean | Buffer | Date | null

/** One value in COPY's text format (PostgreSQL manual, COPY, "Text Format"). */
function encode(value: CopyValue): string {
  if (value === null) return '\\N'
  if (typeof value === 'string') return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, escapeCharacter) : value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`
  return value.toISOString()
}

function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\'
  if (character === '\t') return '\\t'
  return character === '\n' ? '\\n' : '\\r'
}

/** Inserts `rows` into `table` in one COPY; each row holds a value per column, in order. */
export async function copyRows(
  client: pg.ClientBase,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  if (rows.length === 0) return
  const stream = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`))
  await pipeline(chunks(rows), stream)
}

/** Small enough to be reused by the allocator soon; larger pieces are no faster. */
const chunkChars = 65_536

function* chunks(rows: readonly (readonly CopyValue[])[]): Generator<string> {
  let text = ''
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) text += (i === 0 ? '' : '\t') + encode(row[i] as CopyValue)
    text += '\n'
    if (text.length < chunkChars) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
