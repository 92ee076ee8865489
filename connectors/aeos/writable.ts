/** Text that XML can carry and AEOS keep. */

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** No control characters, single blanks, cut between graphemes to `max` UTF-16 units. */
export function writable(value: string, max = Infinity): string {
  const clean = value
    .toWellFormed()
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no way to write them
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFD-\uFFFF]/g, '')
    .replace(/[\s\u0085]+/gu, ' ')
    .trim()
  if (clean.length <= max) return clean
  let cut = ''
  for (const { segment } of graphemes.segment(clean)) {
    if (cut.length + segment.length > max) break
    cut += segment
  }
  return cut.trim()
}
