/** Values that answers are made of. */
import { z } from '@hono/zod-openapi'

export const time = z.iso.datetime({ offset: true })
export const timeOrNull = time.nullable()
export const count = z.int().min(0)
/** As attributes of an employment can be. */
export const scalarOrList = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string()).readonly()])
export const durationMs = z.number().nullable().meta({ description: 'Milliseconds.' })
