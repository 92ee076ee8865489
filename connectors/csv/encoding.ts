/** Finds out how a file's bytes stand for text, once per file, and turns them into text chunk by chunk. */
import { isUtf8 } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import { csvError } from './errors.ts'
import type { CsvSettings } from './settings.ts'

export type Encoding = Exclude<CsvSettings['encoding'], 'auto'>

/** `sure` is false when it looks like UTF-8 so far and only the whole file can tell. */
export interface Guess {
  readonly encoding: Encoding
  readonly bomBytes: number
  readonly sure: boolean
}

// Source: WHATWG Encoding Standard, indexes windows-1252 and iso-8859-15, where they differ from ISO-8859-1.
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const latin9: Readonly<Record<string, string>> = {
  '¤': '€',
  '¦': 'Š',
  '¨': 'š',
  '´': 'Ž',
  '¸': 'ž',
  '¼': 'Œ',
  '½': 'œ',
  '¾': 'Ÿ',
}

/**
 * Judges the first bytes of a file (64 KiB are plenty) against the setting.
 * @throws ConnectorError `rejected` `csv.encoding` when a byte order mark says otherwise
 */
export function guessEncoding(head: Buffer, setting: CsvSettings['encoding']): Guess {
  const marked = byteOrderMark(head)
  if (setting !== 'auto') {
    if (marked !== null && marked.encoding !== setting)
      throw csvError('csv.encoding', `its mark says ${marked.encoding}`)
    return { encoding: setting, bomBytes: marked?.bomBytes ?? 0, sure: true }
  }
  if (marked !== null) return { ...marked, sure: true }
  const zeros = [0, 0]
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1
  // Western text in UTF-16 has a zero in nearly every character, always on the same side; a header is always such text.
  const [even = 0, odd = 0] = zeros
  if (odd > head.length / 8 && even < odd / 8) return { encoding: 'utf-16le', bomBytes: 0, sure: true }
  if (even > head.length / 8 && odd < even / 8) return { encoding: 'utf-16be', bomBytes: 0, sure: true }
  return { encoding: 'utf-8', bomBytes: 0, sure: false }
}

function byteOrderMark(head: Buffer): { encoding: Encoding; bomBytes: number } | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', bomBytes: 3 }
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', bomBytes: 2 }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', bomBytes: 2 }
  return null
}

export function isUtf16(encoding: Encoding): boolean {
  return encoding === 'utf-16le' || encoding === 'utf-16be'
}

/** Turns chunks of bytes into text; a character cut by the end of a chunk comes with the next one. */
export interface TextDecoding {
  text(chunk: Buffer): string
  /** What is left after the last chunk. */
  end(): string
}

export function decoding(encoding: Encoding): TextDecoding {
  if (encoding === 'utf-8') return stringDecoding('utf8')
  if (encoding === 'utf-16le') return stringDecoding('utf16le')
  if (encoding === 'utf-16be') return swappedDecoding()
  return { text: (chunk) => singleByte(chunk, encoding), end: () => '' }
}

function stringDecoding(encoding: 'utf8' | 'utf16le'): TextDecoding {
  const decoder = new StringDecoder(encoding)
  return { text: (chunk) => decoder.write(chunk), end: () => decoder.end() }
}

function swappedDecoding(): TextDecoding {
  const decoder = new StringDecoder('utf16le')
  let odd: Buffer = Buffer.alloc(0)
  return {
    text(chunk) {
      const bytes = Buffer.concat([odd, chunk])
      const even = bytes.length - (bytes.length % 2)
      odd = bytes.subarray(even)
      return decoder.write(bytes.subarray(0, even).swap16())
    },
    end: () => decoder.end(),
  }
}

function singleByte(chunk: Buffer, encoding: 'windows-1252' | 'iso-8859-15'): string {
  const text = chunk.toString('latin1')
  if (encoding === 'iso-8859-15') return text.replace(/[¤¦¨´¸¼½¾]/g, (char) => latin9[char] ?? char)
  return text.replace(/[\x80-\x9f]/g, (char) => windows1252.charAt(char.charCodeAt(0) - 0x80))
}

/** Checks a whole stream of bytes against one encoding. */
export interface Validity {
  add(chunk: Buffer): void
  /** To be asked after the last chunk. */
  valid(): boolean
}

/** Every sequence of bytes is valid in the single-byte encodings. */
export function validity(encoding: Encoding): Validity {
  if (encoding === 'utf-8') return utf8Validity()
  if (isUtf16(encoding)) return utf16Validity(encoding)
  return { add: () => undefined, valid: () => true }
}

function utf8Validity(): Validity {
  let carried: Buffer = Buffer.alloc(0)
  let valid = true
  return {
    add(chunk) {
      if (!valid) return
      const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
      const whole = bytes.length - unfinishedBytes(bytes)
      valid = isUtf8(bytes.subarray(0, whole))
      carried = Buffer.from(bytes.subarray(whole))
    },
    valid: () => valid && carried.length === 0,
  }
}

/** How many bytes at the end begin a UTF-8 sequence that is longer than what is there. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

function utf16Validity(encoding: Encoding): Validity {
  const decoder = decoding(encoding)
  let bytes = 0
  let wellFormed = true
  return {
    add(chunk) {
      bytes += chunk.length
      // StringDecoder never cuts a surrogate pair, so each piece can be judged alone.
      wellFormed &&= decoder.text(chunk).isWellFormed()
    },
    valid: () => wellFormed && bytes % 2 === 0 && decoder.end().isWellFormed(),
  }
}
