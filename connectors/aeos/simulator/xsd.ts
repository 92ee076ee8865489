/** Prints the XML schema of a snapshot from the types and operations. */
import type { ComplexType, EnumType, Field } from './notation.ts'
import { type Element, operations } from './operations.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { complexTypes, enumTypes, simpleTypes } from './types.ts'

export const schemaNamespace = 'http://www.nedap.com/aeosws/schema'

const fault: Element = { root: 'StatusInfo', type: 'ErrorInfo' }

/** The schema as a document of its own: the types in use, and one global element for each root of a body. */
export function schemaOf(snapshot: Snapshot): string {
  const present = operations.filter(({ since }) => isIn(snapshot, since))
  const elements = new Map([
    [fault.root, fault],
    ...present.flatMap(({ request, response }) => [request, response].map((one) => [one.root, one] as const)),
  ])
  const used = new Set<string>()
  for (const { type } of elements.values()) reach(type, snapshot, used)
  return [
    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s="${schemaNamespace}"`,
    `  targetNamespace="${schemaNamespace}" elementFormDefault="qualified">`,
    ...[...enumTypes.values()].filter(({ name }) => used.has(name)).map((type) => enumeration(type, snapshot)),
    ...[...complexTypes.values()].filter(({ name }) => used.has(name)).map((type) => sequence(type, snapshot)),
    ...[...elements.values()].map(({ root, type }) => `  <xs:element name="${root}" type="${reference(type)}"/>`),
    '</xs:schema>',
    '',
  ].join('\n')
}

/** Adds the type, its bases, and all that their elements have: what no message of the snapshot can hold is not in its schema. */
function reach(name: string, snapshot: Snapshot, used: Set<string>): void {
  if (used.has(name)) return
  used.add(name)
  const type = complexTypes.get(name)
  if (type === undefined) return
  if (type.base !== null) reach(type.base, snapshot, used)
  for (const field of type.own) if (isIn(snapshot, field.since, field.until)) reach(field.type, snapshot, used)
}

function reference(type: string): string {
  return simpleTypes.has(type) || type === 'anyType' ? `xs:${type}` : `s:${type}`
}

function enumeration({ name, values }: EnumType, snapshot: Snapshot): string {
  const facets = values
    .filter(({ since }) => isIn(snapshot, since))
    .map(({ value }) => `<xs:enumeration value="${value}"/>`)
  return `  <xs:simpleType name="${name}"><xs:restriction base="xs:string">${facets.join('')}</xs:restriction></xs:simpleType>`
}

function sequence(type: ComplexType, snapshot: Snapshot): string {
  const particles = type.own
    .filter(({ since, until }) => isIn(snapshot, since, until))
    .map((field) => `    ${particle(field)}`)
  const body = ['    <xs:sequence>', ...particles, '    </xs:sequence>']
  const content =
    type.base === null
      ? body
      : [
          `  <xs:complexContent><xs:extension base="${reference(type.base)}">`,
          ...body,
          '  </xs:extension></xs:complexContent>',
        ]
  return [`  <xs:complexType name="${type.name}">`, ...content, '  </xs:complexType>'].join('\n')
}

function particle({ name, type, required, repeats }: Field): string {
  const occurs = `${required ? '' : ' minOccurs="0"'}${repeats ? ' maxOccurs="unbounded"' : ''}`
  return `<xs:element name="${name}" type="${reference(type)}"${occurs}/>`
}
