/** Structured data of RFC 5424, section 6.3, read strictly. */

/** By the name of the element, then by the name of the parameter. */
export type StructuredData = Readonly<Record<string, Readonly<Record<string, string>>>>

const name = String.raw`[!#-<>-\\^-~]{1,32}`
const element = new RegExp(String.raw`\[(${name})((?: ${name}="(?:[^"\\\]]|\\.)*")*)\]`, 'suy')
const parameter = new RegExp(String.raw` (${name})="((?:[^"\\\]]|\\.)*)"`, 'suy')

/** @throws Error at what the grammar does not allow, and at an element that is there twice. */
export function structuredDataOf(text: string): StructuredData {
  const data: Record<string, Record<string, string>> = {}
  if (text === '-') return data
  if (text === '') throw new Error('structured data is missing')
  for (const [, id = '', parameters = ''] of all(element, text)) {
    if (data[id] !== undefined) throw new Error(`structured data has ${id} twice`)
    const values: Record<string, string> = {}
    // A backslash before anything else than these three stands for itself.
    for (const [, key = '', value = ''] of all(parameter, parameters)) values[key] = value.replace(/\\(["\\\]])/g, '$1')
    data[id] = values
  }
  return data
}

function all(pattern: RegExp, text: string): RegExpExecArray[] {
  const matches: RegExpExecArray[] = []
  pattern.lastIndex = 0
  for (let end = 0; end < text.length; end = pattern.lastIndex) {
    const match = pattern.exec(text)
    if (match === null) throw new Error(`structured data is no such thing from character ${end}: ${text}`)
    matches.push(match)
  }
  return matches
}
