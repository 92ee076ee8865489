/** Values that answers are made of. */
import { z } from '@hono/zod-openapi'

export const time = z.iso.datetime({ offset: true })
export const timeOrNull = time.nullable()
export const count = z.int().min(0)
export const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
export const durationMs = z.number().nullable().meta({ description: 'Milliseconds.' })
