/** Tells the story as it happens: headings, plain sentences, what came of each claim, and on a terminal a line that moves while one waits. */
import { styleText } from 'node:util'
import { type ClaimRow, Claims } from './claims.ts'

type Style = Parameters<typeof styleText>[0]

export interface Narrator {
  readonly claims: Claims
  /** `topic` names its claims. */
  scene(title: string, topic: string): void
  /** A sentence or more; wrapped, and indented below its heading. */
  say(text: string): void
  /** A line that is not wrapped, for what is to be copied. */
  line(text: string): void
  /** What is being waited for; replaced by whatever is said next, and not shown where nobody watches. */
  progress(text: string): void
  /** Says nothing more: a scene that is left in the middle may still have something to tell. */
  mute(): void
  /** Every claim in a table. */
  summary(): void
}

const widthMax = 100

export function createNarrator(stream: NodeJS.WriteStream, begun = performance.now()): Narrator {
  const watched = stream.isTTY === true
  const coloured = watched && process.env.NO_COLOR === undefined
  const paint = (style: Style, text: string): string =>
    coloured ? styleText(style, text, { validateStream: false }) : text
  const width = (): number => Math.min(watched ? stream.columns || 80 : widthMax, widthMax)
  let scenes = 0
  let moving = false
  let muted = false

  function erase(): void {
    // Back to the start of the line and erase it (ECMA-48, EL).
    if (moving) stream.write('\r\u001b[K')
    moving = false
  }
  function write(text: string): void {
    if (muted) return
    erase()
    stream.write(`${text}\n`)
  }
  const elapsed = (): string => `${Math.round((performance.now() - begun) / 1000)} s`

  const claims = new Claims((text, ok) => {
    const mark = ok ? paint('green', 'ok') : paint('red', 'FAILED')
    for (const [at, part] of wrapped(text, width() - 10).entries())
      write(at === 0 ? `   ${mark}${ok ? '    ' : ''} ${part}` : `          ${part}`)
  })

  return {
    claims,
    scene(title, topic) {
      scenes += 1
      claims.topic = topic
      write(`\n${paint('bold', `${scenes}. ${title}`)}  ${paint('gray', elapsed())}`)
    },
    say(text) {
      for (const part of wrapped(text, width() - 3)) write(`   ${part}`)
    },
    line: (text) => write(`   ${text}`),
    progress(text) {
      if (!watched || muted) return
      const line = `   ... ${text}, ${elapsed()}`.slice(0, width() - 1)
      stream.write(`\r\u001b[K${paint('gray', line)}`)
      moving = true
    },
    mute() {
      muted = true
    },
    summary() {
      const topics = claims.rows()
      const all = [...topics.values()].flat()
      const widest = (of: (row: ClaimRow) => string): number => Math.max(0, ...all.map((row) => of(row).length))
      const [value, limit] = [widest((row) => row.value), widest((row) => row.limit)]
      const name = Math.max(20, width() - value - limit - 14)
      for (const [topic, rows] of topics) {
        write(`
${paint('bold', topic)}`)
        for (const row of rows) {
          const [first = '', ...rest] = wrapped(row.name, name)
          const mark = row.ok ? paint('green', 'ok    ') : paint('red', 'FAILED')
          write(`   ${mark} ${first.padEnd(name)}  ${row.value.padStart(value)}  ${paint('gray', row.limit)}`)
          for (const part of rest) write(`          ${part}`)
        }
      }
      const verdict =
        claims.failed === 0
          ? paint('green', `All ${all.length} claims hold`)
          : paint('red', `${claims.failed} of ${all.length} claims failed`)
      write(`
${verdict}, after ${elapsed()}.`)
    },
  }
}

/** Lines of whole words, `width` columns at most where the words allow it. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
