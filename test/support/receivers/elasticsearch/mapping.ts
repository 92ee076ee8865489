/** Mappings: what a template may declare, and whether a document fits. */
import { isIP } from 'node:net'
import type { Flavour } from './flavour.ts'
import { RestError } from './refusals.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

/** A field, or an object with fields; types that are met in documents join them. */
export interface Field {
  readonly type: string
  readonly dynamic?: string
  readonly ignoreAbove?: number
  /** Whether the template gives dates a format of their own, which is not looked into here. */
  readonly hasFormat?: boolean
  readonly properties: Map<string, Field>
}

const wholeRange: Readonly<Record<string, number>> = { long: 2 ** 63, integer: 2 ** 31, short: 2 ** 15, byte: 2 ** 7 }
const texts = ['keyword', 'constant_keyword', 'wildcard', 'text', 'match_only_text', 'version']
const both = [
  ...texts,
  ...Object.keys(wholeRange),
  'unsigned_long',
  'double',
  'float',
  'half_float',
  'scaled_float',
  'boolean',
  'ip',
  'date',
  'date_nanos',
  'object',
  'nested',
  'geo_point',
  'binary',
]

const topKeys = [
  'properties',
  'dynamic',
  '_source',
  '_meta',
  '_routing',
  'dynamic_templates',
  'date_detection',
  'numeric_detection',
]

/** @throws RestError with status 400 for a type that the product does not know. */
export function mappingOf(mappings: JsonObject, flavour: Flavour): Field {
  const unknown = Object.keys(mappings).filter((key) => !topKeys.includes(key))
  if (unknown.length > 0) {
    const reason = `Root mapping definition has unsupported parameters:  [${unknown[0]} : ${JSON.stringify(mappings[unknown[0] ?? ''])}]`
    throw new RestError(400, 'mapper_parsing_exception', `Failed to parse mapping: ${reason}`)
  }
  const root = fieldOf('_doc', { ...mappings, type: 'object' }, flavour)
  const stamp = root.properties.get('@timestamp')
  if (stamp === undefined) root.properties.set('@timestamp', leaf('date'))
  else if (!stamp.type.startsWith('date'))
    throw new RestError(
      400,
      'illegal_argument_exception',
      `data stream timestamp field [@timestamp] is of type [${stamp.type}], but [date,date_nanos] is expected`,
    )
  return root
}

const leaf = (type: string): Field => ({ type, properties: new Map() })

function fieldOf(name: string, declared: JsonObject, flavour: Flavour): Field {
  const properties = new Map<string, Field>()
  const type = typeof declared.type === 'string' ? declared.type : 'object'
  if (![...both, ...flavour.ownFieldTypes].includes(type))
    throw new RestError(
      400,
      'mapper_parsing_exception',
      `Failed to parse mapping: No handler for type [${type}] declared on field [${name}]`,
    )
  if (isObject(declared.properties))
    for (const [key, value] of Object.entries(declared.properties)) {
      if (!isObject(value))
        throw new RestError(
          400,
          'mapper_parsing_exception',
          `Expected map for property [fields] on field [${key}] but got a class java.lang.String`,
        )
      place(properties, key.split('.'), fieldOf(key, value, flavour))
    }
  return {
    ...{ type, properties, hasFormat: declared.format !== undefined },
    ...(declared.dynamic === undefined ? {} : { dynamic: String(declared.dynamic) }),
    ...(typeof declared.ignore_above === 'number' ? { ignoreAbove: declared.ignore_above } : {}),
  }
}

/** A dot in a name is a step into an object. */
function place(properties: Map<string, Field>, [name = '', ...rest]: string[], field: Field): void {
  if (rest.length === 0) {
    properties.set(name, field)
    return
  }
  const within = properties.get(name) ?? leaf('object')
  properties.set(name, within)
  place(within.properties, rest, field)
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A fresh copy, as a new index gets one of its template. */
export function copyOf(field: Field): Field {
  return { ...field, properties: new Map([...field.properties].map(([name, within]) => [name, copyOf(within)])) }
}

/** Adds what it meets to the mapping, as `dynamic` lets it. @throws RestError with status 400 where the document does not fit. */
export function documentOf(
  source: string,
  id: string,
  mapping: Field,
  { parsingError, isElastic }: Flavour,
): JsonObject {
  const at = (needle: string): string => (isElastic ? `[1:${Math.max(source.indexOf(needle), 0) + 1}] ` : '')
  let document: unknown
  try {
    document = JSON.parse(source)
  } catch (error) {
    const cause = { caused_by: { type: 'json_parse_exception', reason: (error as Error).message } }
    throw new RestError(400, parsingError, `${at('')}failed to parse`, cause)
  }
  if (!isObject(document)) throw new RestError(400, parsingError, `${at('')}failed to parse: not an object`)
  const stamp = document['@timestamp']
  if (stamp === undefined || Array.isArray(stamp)) {
    const reason = `data stream timestamp field [@timestamp] ${stamp === undefined ? 'is missing' : 'encountered multiple values'}`
    const cause = { caused_by: { type: 'illegal_argument_exception', reason } }
    throw new RestError(400, parsingError, `${at('')}failed to parse: ${reason}`, cause)
  }

  function refuse(path: string, { type }: Field, value: Json, why: string): never {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    const cause = { caused_by: { type: 'illegal_argument_exception', reason: why } }
    const reason = `failed to parse field [${path}] of type [${type}] in document with id '${id}'. Preview of field's value: '${shown}'`
    throw new RestError(400, parsingError, at(JSON.stringify(path.split('.').at(-1))) + reason, cause)
  }

  function walk(path: string, field: Field, value: Json, dynamic: string): void {
    if (value === null) return
    if (Array.isArray(value)) {
      for (const one of value as readonly Json[]) walk(path, field, one, dynamic)
    } else if (field.type === 'object' || field.type === 'nested') {
      if (!isObject(value)) {
        const reason = `object mapping for [${path}] tried to parse field [${path}] as object, but found a concrete value`
        throw new RestError(400, parsingError, at(JSON.stringify(path.split('.').at(-1))) + reason)
      }
      for (const [key, within] of Object.entries(value))
        step(path, field, key.split('.'), within, field.dynamic ?? dynamic)
    } else {
      const why = misfit(field, value as Json)
      if (why !== null) refuse(path, field, value as Json, why)
    }
  }

  function step(path: string, parent: Field, [name = '', ...rest]: string[], value: Json, dynamic: string): void {
    const own = path === '_doc' ? name : `${path}.${name}`
    let field = parent.properties.get(name)
    if (field === undefined) {
      if (dynamic === 'false' || value === null) return
      if (dynamic === 'strict') {
        const reason = `mapping set to strict, dynamic introduction of [${name}] within [${path}] is not allowed`
        throw new RestError(400, 'strict_dynamic_mapping_exception', at(JSON.stringify(name)) + reason)
      }
      const type = rest.length > 0 ? 'object' : guess(value)
      if (type === null) return
      field = leaf(type)
      parent.properties.set(name, field)
    }
    if (rest.length === 0) walk(own, field, value, dynamic)
    else step(own, field, rest, value, field.dynamic ?? dynamic)
  }

  walk('_doc', mapping, document, 'true')
  return document
}

const isoDate = /^\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/

/** Why the value is none of the field's type; null when it is. */
function misfit({ type, ignoreAbove, hasFormat }: Field, value: Json): string | null {
  if (type === 'flattened' || type === 'flat_object') return isObject(value) ? null : 'Failed to parse object'
  if (isObject(value)) return `Can't get text on a START_OBJECT`
  if (texts.includes(type)) {
    const bytes = Buffer.byteLength(String(value))
    const whole = ['keyword', 'constant_keyword', 'version'].includes(type) && ignoreAbove === undefined
    return whole && bytes > 32_766 ? `bytes can be at most 32766 in length; got ${bytes}` : null
  }
  if (type === 'boolean')
    return [true, false, 'true', 'false', ''].includes(value as string)
      ? null
      : `Failed to parse value [${value}] as only [true] or [false] are allowed.`
  if (type === 'ip') return isIP(String(value)) === 0 ? `'${value}' is not an IP string literal.` : null
  if (type.startsWith('date'))
    return hasFormat || Number.isInteger(value) || isoDate.test(String(value))
      ? null
      : `failed to parse date field [${value}] with format [strict_date_optional_time||epoch_millis]`
  if (type === 'binary' || type === 'geo_point') return null
  const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value)
  if (Number.isNaN(number)) return `For input string: "${value}"`
  const range = wholeRange[type]
  return range !== undefined && (number >= range || number < -range)
    ? `Value [${value}] is out of range for ${type === 'long' ? 'a long' : `an ${type}`}`
    : null
}

/** The type of a field that is met for the first time; null when nothing can be told yet. */
function guess(value: Json): string | null {
  if (Array.isArray(value)) return value.length === 0 ? null : guess(value[0] as Json)
  if (isObject(value)) return 'object'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'float'
  return typeof value === 'string' ? (value.length >= 10 && isoDate.test(value) ? 'date' : 'text') : null
}
