/** Makes the nested data of an event flat, for receivers that know only names and texts. */

/** Dotted names and texts, in the order of the data. What is null is left out; of a list each entry counts, joined by commas. */
export function flatFields(
  data: Readonly<Record<string, unknown>>,
  prefix = '',
): readonly (readonly [string, string])[] {
  return Object.entries(data).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (value === null || value === undefined) return []
    const path = `${prefix}${name}`
    if (Array.isArray(value)) return value.length === 0 ? [] : [[path, value.map(textOf).join(',')]]
    if (typeof value === 'object') return flatFields(value as Readonly<Record<string, unknown>>, `${path}.`)
    return [[path, textOf(value)]]
  })
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
