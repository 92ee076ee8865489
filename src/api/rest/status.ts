/** How the gateway is, and reading a source now. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, configuredId, json, needs, nothing, problems, reason } from '../route.ts'
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

const act = {
  params: z.strictObject({ source: configuredId.openapi({ param: { name: 'source', in: 'path' } }) }),
  body: body(z.strictObject({ reason })),
}

const clear = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/sources/{source}/clear',
  summary: 'Say that a suspect source is right: the lock-outs that it held back run now',
  request: act,
  responses: { 200: json(z.object({ people: z.int() }), 'How many people are locked out.'), ...problems },
})

const accept = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/sources/{source}/accept',
  summary: 'Accept the columns of the delivery that waits: it is read within seconds',
  request: act,
  responses: nothing,
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
  api.openapi(clear, async (c) =>
    c.json(await acts.clearSource(c.get('actor'), c.req.valid('param').source, c.req.valid('json').reason), 200),
  )
  api.openapi(accept, async (c) => {
    await acts.acceptSource(c.get('actor'), c.req.valid('param').source, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(sync, async (c) => {
    const { source } = c.req.valid('json')
    return c.json({ results: await acts.sync(c.get('actor'), source) }, 200)
  })
}
