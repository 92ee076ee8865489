/** The JSON Schema of the configuration file, for editors. */
import { z } from 'zod'
import { configFile } from './schema.ts'

/** What `config/schema.json` holds, formatted as the project formats JSON. */
export function configJsonSchema(): string {
  return `${print(writtenSchema(configFile), '', 0)}\n`
}

/** What people may write. Zod takes examples of values that it transforms for examples of the result; ours are as they are written. */
export function writtenSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  })
}

const width = 120

// Short lists on one line and maps always on several: what the formatter would make of it.
function print(value: unknown, indent: string, before: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const flat = flatList(value)
    if (flat !== null && before + flat.length <= width) return flat
    return `[\n${value.map((each) => inner + print(each, inner, inner.length + 1)).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value).map(([key, each]) => {
    const name = `${inner}${JSON.stringify(key)}: `
    return name + print(each, inner, name.length + 1)
  })
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`
}

function flatList(list: readonly unknown[]): string | null {
  const items = list.map((each) => {
    if (Array.isArray(each)) return flatList(each)
    return typeof each === 'object' && each !== null ? null : JSON.stringify(each)
  })
  return items.includes(null) ? null : `[${items.join(', ')}]`
}
