/** Alarms: what is on, and what to do. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { json, needs, problems } from '../route.ts'
import { alarmView } from '../schemas/alarms.ts'

const list = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/alarms',
  summary: 'What is on, and what to do about it',
  request: {
    query: z.strictObject({
      all: z.enum(['true', 'false']).optional().meta({ description: 'Also those that are over.' }),
    }),
  },
  responses: { 200: json(z.object({ alarms: z.array(alarmView).readonly() }), 'Newest first.'), ...problems },
})

export function addAlarms(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => c.json({ alarms: await acts.alarms(c.req.valid('query').all === 'true') }, 200))
}
