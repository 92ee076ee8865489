/** Tables with aligned columns, and colours only where they are seen. */
import { styleText } from 'node:util'
import { plain } from './plain.ts'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => unknown
  readonly right?: boolean
}

// Words that deserve a colour wherever they stand alone in a cell.
const tones: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  ok: 'green',
  yes: 'green',
  held: 'yellow',
  warning: 'yellow',
  overdue: 'yellow',
  error: 'red',
  forged: 'red',
  paused: 'red',
  away: 'red',
  frozen: 'yellow',
  rests: 'yellow',
  waits: 'yellow',
}

/** With a title line; ends in a line break. No rows: one line that says `none`. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], colours: boolean): string {
  if (rows.length === 0) return `${paint('gray', 'none', colours)}\n`
  const cells = rows.map((row) => columns.map((column) => plain(column.of(row))))
  const widths = columns.map((column, at) =>
    Math.max(width(column.title), ...cells.map((line) => width(line[at] ?? ''))),
  )
  const format = (line: readonly string[], style: (text: string, padded: string) => string) =>
    line
      .map((text, at) => {
        const gap = ' '.repeat((widths[at] ?? 0) - width(text))
        return style(text, columns[at]?.right === true ? gap + text : text + gap)
      })
      .join('  ')
      .trimEnd()
  const head = format(
    columns.map((column) => column.title.toUpperCase()),
    (_text, padded) => paint('bold', padded, colours),
  )
  const lines = cells.map((line) => format(line, (text, padded) => paint(tones[text], padded, colours)))
  return `${[head, ...lines].join('\n')}\n`
}

/** Names and what they are, one pair a line. */
export function formatPairs(pairs: readonly (readonly [name: string, value: unknown])[]): string {
  const longest = Math.max(...pairs.map(([name]) => width(plain(name))))
  return pairs
    .map(([name, value]) => `${plain(name)}${' '.repeat(longest - width(plain(name)))}  ${plain(value)}\n`)
    .join('')
}

export type Tone = 'green' | 'yellow' | 'red' | 'gray' | 'bold'

export function paint(tone: Tone | undefined, text: string, colours: boolean): string {
  return colours && tone !== undefined ? styleText(tone, text, { validateStream: false }) : text
}

const segments = new Intl.Segmenter()
const wide = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u

/** Columns on a screen: what a reader sees as one sign, counted twice where it is drawn wide. */
export function width(text: string): number {
  let columns = 0
  for (const { segment } of segments.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}
