/** How the gateway is, and reading a source now. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { configuredId, json, needs, problems } from '../route.ts'
import { sourceView, syncResult } from '../schemas/sources.ts'
import { statusView } from '../schemas/status.ts'

const status = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/status',
  summary: 'How the gateway is',
  responses: { 200: json(statusView, 'The state of sources, targets, lock-outs, plans and alarms.'), ...problems },
})

const source = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/sources/{source}',
  summary: 'The last deliveries of a source, and which rows could not be used',
  request: { params: z.strictObject({ source: configuredId.openapi({ param: { name: 'source', in: 'path' } }) }) },
  responses: { 200: json(sourceView, 'Deliveries and problems.'), ...problems },
})

const sync = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/sync',
  summary: 'Read a source now, or all of them, and wait until it is done',
  request: {
    body: { content: { 'application/json': { schema: z.strictObject({ source: configuredId.optional() }) } } },
  },
  responses: {
    200: json(z.object({ results: z.array(syncResult).readonly() }), 'What each source brought.'),
    ...problems,
  },
})

export function addStatus(api: Api, acts: Acts): void {
  api.openapi(status, async (c) => c.json(await acts.status(), 200))
  api.openapi(source, async (c) => c.json(await acts.source(c.req.valid('param').source), 200))
  api.openapi(sync, async (c) => {
    const { source } = c.req.valid('json')
    return c.json({ results: await acts.sync(c.get('actor'), source) }, 200)
  })
}
