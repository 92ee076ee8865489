/** Makes requests out of the types: with as little in them as is allowed, or with everything, so that no operation is left out of a test. */
import type { Field } from './notation.ts'
import { type Operation, operations } from './operations.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { complexTypes, enumTypes } from './types.ts'

export type Extent = 'least' | 'most'

/** An element with its children, so that a test can put them in another order. */
export interface Sample {
  name: string
  text: string
  children: Sample[]
}

const values: Readonly<Record<string, string>> = {
  long: '1',
  int: '1',
  string: 'Sample',
  boolean: 'true',
  dateTime: '2026-01-01T08:00:00',
  date: '2026-01-01',
  base64Binary: 'AAAA',
}

export function operationsOf(snapshot: Snapshot): Operation[] {
  return operations.filter(({ since }) => isIn(snapshot, since))
}

export function sampleRequest({ request }: Operation, extent: Extent, snapshot: Snapshot): Sample {
  return sample(request.root, request.type, extent, snapshot)
}

function sample(name: string, type: string, extent: Extent, snapshot: Snapshot): Sample {
  const complex = complexTypes.get(type)
  if (complex === undefined)
    return { name, text: values[type] ?? enumTypes.get(type)?.values[0]?.value ?? '', children: [] }
  const wanted = ({ required, since, until }: Field) => isIn(snapshot, since, until) && (required || extent === 'most')
  // Two of everything that repeats.
  const children = complex.all
    .filter(wanted)
    .flatMap((field) => Array.from({ length: extent === 'most' && field.repeats ? 2 : 1 }, () => field))
    .map((field) => sample(field.name, field.type, extent, snapshot))
  return { name, text: '', children }
}

/** XML without namespaces. */
export function inside({ text, children }: Sample): string {
  return children.length === 0
    ? text
    : children.map((child) => `<${child.name}>${inside(child)}</${child.name}>`).join('')
}

/** The element with the default namespace of the schema. */
export function xmlOf(root: Sample): string {
  return `<${root.name} xmlns="http://www.nedap.com/aeosws/schema">${inside(root)}</${root.name}>`
}

/** Every request that comes of swapping two neighbours of different names somewhere in it. */
export function* swapped(root: Sample): Generator<Sample> {
  for (const [at, child] of root.children.entries()) {
    const next = root.children[at + 1]
    if (next !== undefined && next.name !== child.name) {
      yield { ...root, children: root.children.with(at, next).with(at + 1, child) }
    }
    for (const inner of swapped(child)) yield { ...root, children: root.children.with(at, inner) }
  }
}
