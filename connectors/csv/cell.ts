/** What a cell keeps of the text around it: no blanks at its edges, and no hold on the rest of the file. */

/** Blanks, tabs, line breaks, the no-break spaces and a stray byte order mark. */
export function isBlank(code: number): boolean {
  if (code > 32 && code < 127) return false
  return (code <= 32 && code !== 0) || code === 0xa0 || code === 0x202f || code === 0xfeff
}

/** A copy of a part of the text. V8 lets a slice of 13 characters or more keep its whole text alive, and a few kept cells must not keep a file. */
export function ownSlice(text: string, start: number, end: number): string {
  let copy = ''
  for (let at = start; at < end; at += 12) copy += text.slice(at, Math.min(at + 12, end))
  return copy
}
