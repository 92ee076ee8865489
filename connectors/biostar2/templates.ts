/** Takes templates of fingers and faces out of an answer while it is bytes, so that none of them ever becomes text. */

/** What holds nothing else in the record of a user (BioStar 2 API, Users, `fingerprint_templates` and `credentials`). */
const holders = ['fingerprint_templates', 'credentials']
/** The fields in there that are a template, or the picture that one is made from (BioStar 2 API, Users; `template_ex` since 2.9.6). */
const fields = [
  ...['template', 'template0', 'template1', 'template_ex', 'templateEx', 'templates'],
  ...['raw_image', 'template_ex_picture', 'template_ex_normalized_image'],
]

const [quote, backslash, colon, comma, space] = [0x22, 0x5c, 0x3a, 0x2c, 0x20]
const opening: ReadonlySet<number> = new Set([0x7b, 0x5b])
const closing: ReadonlySet<number> = new Set([0x7d, 0x5d])
const blank: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

interface Held {
  /** Between its quotes. */
  readonly bytes: Buffer
  readonly isTemplate: boolean
}

/**
 * Calls `use` with the bytes of each template, as the answer has them between quotes, in its order; they are gone after it. Then every
 * text among fingers and faces is overwritten by an empty one, whatever it is: the rest of the JSON says what it said.
 */
export function takeTemplates(body: Buffer, use: (templates: readonly Buffer[]) => void): void {
  const held = heldIn(body)
  try {
    use(held.flatMap(({ bytes, isTemplate }) => (isTemplate && bytes.length > 0 ? [bytes] : [])))
  } finally {
    for (const { bytes } of held) empty(body, bytes)
  }
}

/** Every text among fingers and faces; of JSON that ends in the middle as well. */
function heldIn(body: Buffer): readonly Held[] {
  const held: Held[] = []
  let depth = 0
  /** The depth below which everything is held; 0: nothing is. */
  let within = 0
  let key: Buffer | null = null
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === quote) {
      const end = endOfText(body, at + 1)
      const text = body.subarray(at + 1, end)
      at = end
      if (isBefore(colon, body, end + 1)) key = text
      else if (within > 0 || isOneOf(key, holders)) held.push({ bytes: text, isTemplate: isOneOf(key, fields) })
    } else if (opening.has(byte)) {
      depth += 1
      if (within === 0 && isOneOf(key, holders)) within = depth
      if (within === 0) key = null
    } else if (closing.has(byte)) {
      if (depth === within) within = 0
      depth -= 1
      key = null
    } else if (byte === comma && within === 0) key = null
  }
  return held
}

/** Where the quote stands that ends the text, or where the bytes end. */
function endOfText(body: Buffer, from: number): number {
  for (let at = from; ; ) {
    const end = body.indexOf(quote, at)
    if (end < 0) return body.length
    let escapes = 0
    while (end - escapes > from && body[end - escapes - 1] === backslash) escapes += 1
    if (escapes % 2 === 0) return end
    at = end + 1
  }
}

function isBefore(wanted: number, body: Buffer, from: number): boolean {
  let at = from
  while (blank.has(body[at] ?? 0)) at += 1
  return body[at] === wanted
}

function isOneOf(key: Buffer | null, names: readonly string[]): boolean {
  // A key is short: what is longer is not made a text of.
  return key !== null && key.length <= 32 && names.includes(key.toString('latin1'))
}

/** `"AAAA"` becomes `""    `. */
function empty(body: Buffer, text: Buffer): void {
  if (text.length === 0) return
  const start = text.byteOffset - body.byteOffset
  text.fill(space)
  body[start] = quote
  if (start + text.length < body.length) body[start + text.length] = space
}
