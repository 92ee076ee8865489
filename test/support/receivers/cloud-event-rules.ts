/** What CloudEvents 1.0 asks of an event and its JSON, as far as the SDK lets it pass. */
import { z } from 'zod'

const filled = z.string().min(1)
/** Section 3.1, naming conventions. */
const attributeName = /^[a-z0-9]{1,20}$/
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const standing = {
  id: filled,
  source: filled.refine((text) => URL.canParse(text, 'https://base.example/'), 'is no URI reference'),
  specversion: z.literal('1.0'),
  type: filled,
  time: z
    .string()
    .regex(rfc3339)
    .refine((text) => !Number.isNaN(Date.parse(text)), 'is no moment')
    .optional(),
  subject: filled.optional(),
  datacontenttype: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+( *; *[\w-]+=[^;]+)*$/)
    .optional(),
  dataschema: z
    .string()
    .refine((text) => URL.canParse(text), 'is no absolute URI')
    .optional(),
  data: z.unknown().optional(),
  data_base64: z.base64().optional(),
}

const event = z
  .object(standing)
  .catchall(z.union([z.string(), z.boolean(), z.int32()]))
  .check(({ value, issues }) => {
    if (value.data !== undefined && value.data_base64 !== undefined)
      issues.push({ code: 'custom', message: 'has both data and data_base64', input: value })
    for (const name of Object.keys(value))
      if (!attributeName.test(name) && name !== 'data_base64')
        issues.push({ code: 'custom', message: `the name ${name} is not allowed`, input: value })
  })

/** The pair that makes an event one of its kind. */
export const pairOf = ({ source, id }: { source: string; id: string }): string => JSON.stringify([source, id])

/** Sentences about what is wrong with a parsed body, structured (`one`) or batched; none when it is right. */
export function objectionsToEvents(body: unknown, mode: 'one' | 'batch'): string[] {
  const parsed = (mode === 'one' ? event : z.array(event)).safeParse(body)
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  const pairs = [parsed.data].flat().map(pairOf)
  return pairs.filter((pair, index) => pairs.indexOf(pair) !== index).map((pair) => `${pair} is twice in one batch`)
}
