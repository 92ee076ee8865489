/** Text from elsewhere, safe to show: it can't move the cursor, colour the screen or reverse the reading direction. */

/** One line. */
export function plain(value: unknown): string {
  return String(value ?? '-').replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, '?')
}

/** `2026-03-01 08:00:00Z`. */
export function plainTime(iso: string | null): string {
  return iso === null ? '-' : plain(iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z'))
}

/** `1 change`, `2 changes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

const lineWidth = 100

/** Plain text, broken between words, each line behind `indent`. A word that is longer stays whole, so that it can be copied. */
export function wrapped(text: string, indent: string, columns = lineWidth): string {
  const lines: string[] = []
  for (const word of plain(text).split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && indent.length + line.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => indent + line).join('\n')
}
