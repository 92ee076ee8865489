/** One log line for a person at a terminal: time, level, message, then the fields. */
import { styleText } from 'node:util'

const colours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const

/** `line` is what the logger wrote as JSON; the result ends in a line break. */
export function printLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const label = String(level) as keyof typeof colours
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`)
  const head = `${String(time).slice(11, 23)} ${style(colours[label], label.toUpperCase().padEnd(5))}`
  return `${head} ${plain(msg)}${rest.length > 0 ? style('gray', `  ${rest.join(' ')}`) : ''}\n`
}

// Without control characters: a value must not be able to drive the terminal.
function plain(value: unknown): string {
  return String(value).replaceAll(/\p{Cc}|\p{Cf}/gu, '?')
}

function style(colour: (typeof colours)[keyof typeof colours], text: string): string {
  return styleText(colour, text, { stream: process.stderr })
}
