/** Answers what a schema says about a path: which keys it knows there, and whether the value is a secret. */
import { z } from 'zod'
import type { Path } from './problem.ts'

interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly secret?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

export interface Shape {
  /** Marked `secret: true` itself, or inside something that is. */
  isSecret(path: Path): boolean
  keysAt(path: Path): readonly string[]
}

export function shapeOf(schema: z.ZodType): Shape {
  // JSON Schema carries `.meta()` whatever wraps the field: optional, default, union, list.
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema

  // A schema and all that it may stand for. The depth ends a schema that refers to itself.
  const alternatives = (from: JsonSchema, depth = 0): JsonSchema[] => {
    const target = from.$ref === '#' ? root : root.$defs?.[from.$ref?.replace('#/$defs/', '') ?? '']
    const inner = [...(from.anyOf ?? []), ...(from.oneOf ?? []), ...(from.allOf ?? []), ...(target ? [target] : [])]
    return depth > 8 ? [from] : [from, ...inner.flatMap((each) => alternatives(each, depth + 1))]
  }
  const steps = (path: Path): JsonSchema[][] => {
    const way = [alternatives(root)]
    for (const part of path) {
      const below = (way.at(-1) ?? []).flatMap((each) => childOf(each, part))
      way.push(below.flatMap((each) => alternatives(each)))
    }
    return way
  }
  return {
    isSecret: (path) => steps(path).some((step) => step.some((each) => each.secret === true)),
    keysAt: (path) => [...new Set((steps(path).at(-1) ?? []).flatMap((each) => Object.keys(each.properties ?? {})))],
  }
}

function childOf(schema: JsonSchema, part: string | number): readonly JsonSchema[] {
  if (typeof part === 'number') {
    const item = schema.prefixItems?.[part] ?? schema.items
    return item === undefined ? [] : [item]
  }
  const property = Object.hasOwn(schema.properties ?? {}, part) ? schema.properties?.[part] : undefined
  if (property !== undefined) return [property]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}
