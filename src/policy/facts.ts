/** What rules see of a person and an employment: null is null, and what a source hides or doesn't give isn't there at all. */
import type { Employment, Person, PersonFacts } from '../model/person.ts'
import { employmentFields, type FieldRef, personFields, type RuleVariables } from './rule.ts'

/** What a field can be; a list for attributes alone. */
export type Known = Employment['attrs'][string]

export function variablesOf(person: Person, employment: Employment): RuleVariables {
  return { person: personOf(person), employment: employmentOf(employment) }
}

/** The value of one field for these two; undefined when it isn't known. */
export function fieldValue({ of, name }: FieldRef, person: Person, employment: Employment): Known | undefined {
  if (of === 'person') return personValue(person, name as (typeof personFields)[number])
  if (of === 'employment') return employmentValue(employment, name as (typeof employmentFields)[number])
  return Object.hasOwn(employment.attrs, name) && !employment.unknown.includes(`attrs.${name}`)
    ? employment.attrs[name]
    : undefined
}

/** A fact is unknown when no source speaks of it, or one hides it that may know better. */
function personValue({ facts }: Person, name: (typeof personFields)[number]): string | null | undefined {
  return facts[name satisfies keyof PersonFacts]
}

function employmentValue(employment: Employment, name: (typeof employmentFields)[number]): string | null | undefined {
  const value = employment[name]
  return value === null && employment.unknown.includes(name) ? undefined : value
}

function personOf(person: Person): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of personFields) {
    const value = personValue(person, name)
    if (value !== undefined) values[name] = value
  }
  return values
}

function employmentOf(employment: Employment): Record<string, unknown> {
  const values: Record<string, unknown> = { attrs: attrsOf(employment) }
  for (const name of employmentFields) {
    const value = employmentValue(employment, name)
    if (value !== undefined) values[name] = value
  }
  return values
}

function attrsOf({ attrs, unknown }: Employment): Readonly<Record<string, Known>> {
  const hidden = unknown.filter((name) => name.startsWith('attrs.'))
  if (hidden.length === 0) return attrs
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => !hidden.includes(`attrs.${name}`)))
}
