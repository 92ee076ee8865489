/** Every key that a schema knows, in the words that the schema itself has for it. */
import { stringify } from 'yaml'
import type { z } from 'zod'
import { writtenSchema } from './json-schema.ts'

/** One key that may be written: a value, or a map of further keys. */
export interface DocumentedKey {
  /** From the top of its schema: `sources.<name>.mapping.cards[].format`. */
  readonly path: string
  /** What is written there, in words. */
  readonly takes: string
  /** As it is written in a file; null when there is none. */
  readonly fallback: string | null
  readonly required: boolean
  readonly description: string
  /** As it is written in a file; null for a map whose keys follow. */
  readonly example: string | null
  readonly examples: readonly unknown[]
  readonly isMap: boolean
}

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  /** Our own: what a text is, where its type does not say it. */
  readonly takes?: string
  readonly secret?: boolean
  readonly format?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
}

/** Every key that a schema knows, a map before what is in it. */
export function documentedKeys(schema: z.ZodType): DocumentedKey[] {
  return keysBelow(writtenSchema(schema) as Schema, '')
}

function keysBelow(schema: Schema, at: string): DocumentedKey[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
    const path = at === '' ? name : `${at}.${name}`
    const [inner, deeper] = insideOf(each, path)
    return [keyOf(each, path, schema.required?.includes(name) === true, inner), ...keysBelow(inner, deeper)]
  })
}

/** The map whose keys are written below: the thing itself, or each one of a list or of a map by name. */
function insideOf(schema: Schema, path: string): [Schema, string] {
  if (schema.items?.oneOf !== undefined) return [united(schema.items.oneOf), `${path}[]`]
  if (schema.items?.properties !== undefined) return [schema.items, `${path}[]`]
  const named = schema.additionalProperties
  if (typeof named === 'object' && named.properties !== undefined) return [named, `${path}.<name>`]
  return [schema, path]
}

/** One map that knows the keys of all forms, which one key with a fixed value, or one of a few, tells apart. */
function united(forms: readonly Schema[]): Schema {
  const [first] = forms
  const telling = Object.keys(first?.properties ?? {}).find((name) =>
    forms.every(({ properties }) => valuesOf(properties?.[name]).length > 0),
  )
  const told = forms.map((form) => ({ form, values: valuesOf(form.properties?.[telling ?? '']) }))
  const properties: Record<string, Schema> = {}
  for (const name of new Set(forms.flatMap((form) => Object.keys(form.properties ?? {})))) {
    const having = told.filter(({ form }) => form.properties?.[name] !== undefined)
    const each = having[0]?.form.properties?.[name] ?? {}
    const descriptions = [...new Set(having.map(({ form }) => form.properties?.[name]?.description))]
    if (name === telling)
      properties[name] = {
        enum: told.flatMap(({ values }) => values),
        description: having
          .map(({ form, values }) => `${some(values)}: ${form.properties?.[name]?.description}`)
          .join(' '),
        ...(each.examples === undefined ? {} : { examples: each.examples }),
      }
    else if (having.length === forms.length) properties[name] = each
    else {
      const isRequired = having.every(({ form }) => form.required?.includes(name))
      const where = `With ${some(having.flatMap(({ values }) => values))}${isRequired ? ', where it must be given' : ''}`
      properties[name] = { ...each, description: `${where}: ${descriptions.join(' ')}` }
    }
  }
  const required = Object.keys(properties).filter((name) => forms.every((form) => form.required?.includes(name)))
  return { type: 'object', properties, required }
}

/** The first stands for all where they are many: which they are, their own key says. */
function some(values: readonly unknown[]): string {
  return values.length > 3 ? `${values[0]} and ${values.length - 1} more` : values.join(', ')
}

function valuesOf(schema: Schema | undefined): readonly unknown[] {
  return schema?.enum ?? (schema?.const === undefined ? [] : [schema.const])
}

function keyOf(schema: Schema, path: string, required: boolean, inner: Schema): DocumentedKey {
  const isMap = inner.properties !== undefined
  const { default: fallback, examples = [] } = schema
  return {
    path,
    takes: takesOf(schema),
    fallback: fallback === undefined || isMap ? null : written(fallback),
    required,
    description: schema.description ?? '',
    example: isMap || examples.length === 0 ? null : written(examples[0]),
    examples,
    isMap,
  }
}

function takesOf(schema: Schema): string {
  const { type, items, additionalProperties: named } = schema
  if (schema.secret === true) return 'secret'
  if (schema.takes !== undefined) return schema.takes
  const values = schema.enum ?? (schema.const === undefined ? null : [schema.const])
  if (values !== null) return values.map((each) => `\`${written(each)}\``).join(', ')
  if (type === 'array') return items?.oneOf || items?.properties ? 'list of maps' : `list of ${plural(items)}`
  if (type === 'object') {
    if (typeof named !== 'object') return 'map'
    return named.type === undefined || named.properties !== undefined ? 'map by name' : `${takesOf(named)}, by name`
  }
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'}${rangeOf(schema)}`
  return schema.format === 'date' ? 'date' : 'text'
}

function plural(items: Schema | undefined): string {
  const one = items === undefined ? 'text' : takesOf(items)
  return one === 'text' ? 'texts' : one
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const from = exclusiveMinimum === undefined ? minimum : `more than ${exclusiveMinimum}`
  if (from === undefined) return ''
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : `, ${from} to ${maximum}`
}

/** A value as one line of YAML. */
function written(value: unknown): string {
  if (value === '\t') return '"\\t"'
  return stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    singleQuote: true,
    flowCollectionPadding: false,
  }).trim()
}
