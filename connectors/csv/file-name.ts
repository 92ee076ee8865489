/** Decides by its name alone whether a file is ours, how old it says it is, and whether it is a delta. */

const temporary = /^\.|^~|\.(?:part|tmp|filepart|refused|done|sha256)$/i
const datedName =
  /(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:[-_.T ]?([01]\d|2[0-3])[-_.:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?Z?)?(?!\d)/

/** A test for names: `*` is any text, `?` one character, case makes no difference. */
export function namePattern(glob: string): (name: string) => boolean {
  const source = [...glob].map((char) => (char === '*' ? '.*' : char === '?' ? '.' : literal(char))).join('')
  const expression = new RegExp(`^${source}$`, 'isu')
  return (name) => expression.test(name)
}

/** True for names that senders use while they are still writing, for markers, and for files that we refused before. */
export function isTemporaryName(name: string): boolean {
  return temporary.test(name)
}

/** The date, and time if there is one, in a name as digits, biggest unit first (`20261124`, `202611240315`); null without one. */
export function dateInName(name: string): string | null {
  const found = datedName.exec(name)
  return found === null ? null : found.slice(1).join('')
}

/** Whether one date of `dateInName` is before another; when only one has a time of day, the day decides. */
export function isOlder(date: string, than: string): boolean {
  const digits = Math.min(date.length, than.length)
  return date.slice(0, digits) < than.slice(0, digits)
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
