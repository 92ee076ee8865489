/** Text to bytes in the encodings that HR exports come in. */

export const encodings = ['utf-8', 'utf-8-bom', 'utf-16le', 'windows-1252'] as const
export type Encoding = (typeof encodings)[number]

/** What stands before the first character: `utf-16le` carries its mark, as spreadsheets write "Unicode text". */
export function byteOrderMark(encoding: Encoding): string {
  return encoding === 'utf-8-bom' || encoding === 'utf-16le' ? '\uFEFF' : ''
}

/** Windows-1252 has no sign for most of Unicode and writes `?` there, as exporting programs do: such cells are lost. */
export function encode(text: string, encoding: Encoding): Buffer {
  switch (encoding) {
    case 'utf-8':
    case 'utf-8-bom':
      return Buffer.from(text, 'utf8')
    case 'utf-16le':
      return Buffer.from(text, 'utf16le')
    case 'windows-1252':
      return windows1252(text)
    default:
      throw new RangeError(`unknown encoding ${encoding satisfies never}`)
  }
}

// Bytes 0x80 to 0x9F where Windows-1252 differs from Latin-1 (WHATWG Encoding Standard, index windows-1252).
const upperHalf = new Map(
  [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'].map((sign, offset) => [sign, 0x80 + offset]),
)

function windows1252(text: string): Buffer {
  const bytes = Buffer.alloc(text.length)
  let length = 0
  // By code point, so that a sign outside the basic plane becomes one question mark, not two.
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0
    const same = code < 0x80 || (code >= 0xa0 && code <= 0xff)
    bytes[length++] = same ? code : (upperHalf.get(sign) ?? 0x3f)
  }
  return bytes.subarray(0, length)
}
