/** Alarms: what is on, and what to do. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, json, needs, nothing, problems, reason } from '../route.ts'
import { alarmTestView, alarmView } from '../schemas/alarms.ts'

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

const test = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/alarms/test',
  summary: 'Send the receiver of alarms a message that is of none',
  responses: { 200: json(alarmTestView, 'Whether it took the message.'), ...problems },
})

const clear = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/alarms/clear',
  summary: 'Say that an alarm was looked into which nothing else ends',
  request: { body: body(z.strictObject({ code: z.string().max(100), scope: z.string().max(200), reason })) },
  responses: nothing,
})

export function addAlarms(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => c.json({ alarms: await acts.alarms(c.req.valid('query').all === 'true') }, 200))
  api.openapi(test, async (c) => c.json(await acts.testAlarms(c.get('actor')), 200))
  api.openapi(clear, async (c) => {
    const { code, scope, reason: why } = c.req.valid('json')
    await acts.clearAlarm(c.get('actor'), code, scope, why)
    return c.body(null, 204)
  })
}
