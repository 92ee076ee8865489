/** Reads the notation in which the types are written down: `NetworkId?: int @2021-10` is an element that may be left out, and came in October 2021. */
import { type Snapshot, snapshots } from './snapshots.ts'

export interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly repeats: boolean
  readonly since: Snapshot
  readonly until: Snapshot
}

export interface ComplexType {
  readonly name: string
  readonly base: string | null
  /** Its own elements, in the order of the wire; those of the base come before them. */
  readonly own: readonly Field[]
  /** All elements in the order of the wire: base first, then each derived level. */
  readonly all: readonly Field[]
  /** More than one where a later snapshot gave an element another type. */
  readonly byName: ReadonlyMap<string, readonly Field[]>
}

export interface EnumType {
  readonly name: string
  readonly values: readonly { readonly value: string; readonly since: Snapshot }[]
}

/** `'Derived: Base'` or `'Plain'` to its fields. */
export type TypeTexts = Readonly<Record<string, readonly string[]>>

const fieldShape = /^(\w+)([?*+]?): (\w+)(?: @([\d-]+)(?:\.\.([\d-]+))?)?$/

function fieldOf(text: string): Field {
  const match = fieldShape.exec(text)
  if (match === null) throw new TypeError(`not a field: ${text}`)
  const [, name = '', mark, type = '', since = '2017', until = '2024-08'] = match
  const known = (wanted: string): Snapshot => {
    const found = snapshots.find((one) => one === wanted)
    if (found === undefined) throw new TypeError(`not a snapshot: ${wanted}`)
    return found
  }
  const required = mark === '' || mark === '+'
  return { name, type, required, repeats: mark === '*' || mark === '+', since: known(since), until: known(until) }
}

/** Compiles the texts; a base must come before what derives from it. */
export function compileTypes(texts: TypeTexts): ReadonlyMap<string, ComplexType> {
  const types = new Map<string, ComplexType>()
  for (const [head, lines] of Object.entries(texts)) {
    const [name = '', baseName] = head.split(': ')
    const base = baseName === undefined ? null : types.get(baseName)
    if (base === undefined) throw new TypeError(`no such base: ${baseName}`)
    const own = lines.map(fieldOf)
    const all = [...(base?.all ?? []), ...own]
    const byName = Map.groupBy(all, ({ name: element }) => element)
    types.set(name, { name, base: base?.name ?? null, own, all, byName })
  }
  return types
}

/** `'BioApi @2024-08'` to a value and when it came. */
export function compileEnums(texts: TypeTexts): ReadonlyMap<string, EnumType> {
  return new Map(
    Object.entries(texts).map(([name, lines]) => {
      const values = lines.map((line) => {
        const [value = '', since = '2017'] = line.split(' @')
        return { value, since: since as Snapshot }
      })
      return [name, { name, values }]
    }),
  )
}
