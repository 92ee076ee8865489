/** The parts that routes have in common: who may call, what errors look like, how rows are paged. */
import { z } from '@hono/zod-openapi'
import type { Role, Side } from '../auth/actor.ts'
import { needsRole, needsSide } from './gate.ts'
import { problemDocument } from './problem.ts'

/** Spread into a route: only this role and those above it get through. The OpenAPI document says so as `x-gatehouse-role`. */
export function needs(role: Role) {
  return { security: [{ token: [] }], middleware: [needsRole(role)], 'x-gatehouse-role': role }
}

/** As `needs`, for what lies on one side of the wall. */
export function needsToRead(side: Side) {
  return { security: [{ token: [] }], middleware: [needsSide(side)], 'x-gatehouse-role': side }
}

/** A JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A JSON body that must be there. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** Any error: the status of the document is the status of the response. */
export const problems = {
  default: { description: 'Any error.', content: { 'application/problem+json': { schema: problemDocument } } },
} as const

export const nothing = { 204: { description: 'Done.' }, ...problems } as const

export const byId = z.strictObject({
  id: z.uuid().openapi({ param: { name: 'id', in: 'path' } }),
})

const rowsMax = 500

export const pageQuery = {
  after: z.string().min(1).max(200).optional().meta({ description: '`next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(rowsMax).default(100).meta({ description: 'Rows per page.' }),
}

/** One page; `next` is null on the last. */
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({ rows: z.array(row).readonly(), next: z.string().nullable() })
}

/** Without `after: undefined`, which an act may not be given. */
export function toPage({ after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
  return after === undefined ? { limit } : { after, limit }
}

/** Why somebody acts: it goes into the audit trail. */
export const reason = z
  .string()
  .trim()
  .min(3)
  .max(500)
  .regex(/^\P{Cc}*$/u, 'no control characters')
  .meta({ description: 'Why: it goes into the audit trail.', examples: ['Checked with HR by phone'] })

/** The id of a source or target, as configured. */
export const configuredId = z.string().min(1).max(100)
