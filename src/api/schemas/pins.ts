/** Answers about PINs. */
import { z } from '@hono/zod-openapi'
import type { IssuedPinView } from '../acts/pins.ts'

export const issuedPinView = z.object({
  pin: z.string().meta({ description: 'Secret: told this once, and kept nowhere.' }),
  targets: z.array(z.string()).readonly(),
  refused: z
    .array(z.object({ target: z.string(), code: z.string() }))
    .readonly()
    .meta({ description: 'Targets of the person that take no such PIN.' }),
}) satisfies z.ZodType<IssuedPinView>
