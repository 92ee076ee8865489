/** The forms in which a readable value can lie in a store: as text in two encodings, as hex, and as base64 at each of three offsets. */
import type { KnownValue } from '../workforce/known-values.ts'
import type { Needle } from './byte-search.ts'

/**
 * Something that is known, and what of: a person, a door, an event. The value of a `movement` is when an event of theirs was, in UTC and
 * with milliseconds; that of a `punch` is the time as payroll reads it, with whole seconds and how far the clock is ahead.
 */
export type Sought = Pick<KnownValue, 'personId' | 'value'> & {
  readonly kind: KnownValue['kind'] | 'door' | 'event' | 'movement' | 'punch'
}

/** Every form of a text as a needle of that name. */
export function formsOf(name: string, text: string): Needle[] {
  const bytes = Buffer.from(text, 'utf8')
  const hex = bytes.toString('hex')
  const forms = [
    bytes,
    Buffer.from(text, 'utf16le'),
    Buffer.from(hex),
    Buffer.from(hex.toUpperCase()),
    ...base64Forms(bytes),
  ]
  return forms.map((form) => ({ name, bytes: form }))
}

/**
 * In base64, the signs that a value gives depend on how many bytes stand before it: modulo three. Of each, the signs that depend
 * on the value alone; the URL-safe alphabet too, where it differs.
 */
function base64Forms(bytes: Buffer): Buffer[] {
  const forms = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + bytes.length) * 8) / 6)
    const own = text.slice(first, last)
    const urlSafe = own.replaceAll('+', '-').replaceAll('/', '_')
    return own === urlSafe ? [own] : [own, urlSafe]
  })
  return forms.map((form) => Buffer.from(form))
}

/** What a known value is called when it is found: never by itself. */
export function nameOf({ kind, personId }: Sought): string {
  return `${kind} of ${personId}`
}

/**
 * As people and programs write a known value: a card also as its 26 bits in hex, as one decimal in quotes, and as a command line takes it; a
 * time as it stands in the text of an event or a punch before that is sealed.
 */
export function needlesOf(known: Sought): Needle[] {
  const name = nameOf(known)
  return spellings(known).flatMap((text) => formsOf(name, text))
}

function spellings({ kind, value }: Sought): string[] {
  if (kind === 'movement') return written(Date.parse(value), 'ms')
  // The text tells no milliseconds: what stands before them is looked for.
  if (kind === 'punch') return [value, ...written(Date.parse(value), 's')]
  if (kind !== 'card') return [value]
  const [facility = 0, number = 0] = value.split('-').map(Number)
  const decimal = facility * 65_536 + number
  // Quoted as in JSON, and as AEOS names a badge: between tags, and behind the id of its type.
  const ofAeos = [`>${decimal}<`, `"1 ${decimal}"`]
  return [value, `H10301:${facility}:${number}`, rawBits(facility, number), `"${decimal}"`, ...ofAeos]
}

/** A moment in JSON: as a text, and as a number of milliseconds. */
function written(ms: number, precision: 'ms' | 's'): string[] {
  const iso = new Date(ms).toISOString()
  return precision === 'ms' ? [`"at":"${iso}"`, `"at":${ms}`] : [`"at":"${iso.slice(0, 19)}`, `"at":${ms / 1000}`]
}

/** 26-bit Wiegand (H10301): even parity over the first twelve of 24 bits, odd parity over the others. */
function rawBits(facility: number, number: number): string {
  const bits = facility * 65_536 + number
  const ones = (of: number): number => of.toString(2).replaceAll('0', '').length
  const even = ones(bits >>> 12) % 2
  const odd = 1 - (ones(bits & 0xfff) % 2)
  return (even * 2 ** 25 + bits * 2 + odd).toString(16).toUpperCase().padStart(7, '0')
}
