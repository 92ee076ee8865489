/** People of whom nothing is decided, since a row of theirs was changed outside Gatehouse: listed, and thawed. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { frozenView, thawedView } from '../schemas/frozen.ts'

const list = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/frozen',
  summary: 'People of whom nothing is decided, since a row of theirs can not be trusted',
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(frozenView), 'By random ids.'), ...problems },
})

const thaw = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/frozen/{id}/thaw',
  summary: 'Drop what can not be trusted of a person, and lock them until somebody unlocks them',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: { 200: json(thawedView, 'What could not be trusted, and the lock-outs to watch.'), ...problems },
})

export function addFrozen(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => c.json(await acts.frozen(toPage(c.req.valid('query'))), 200))
  api.openapi(thaw, async (c) =>
    c.json(await acts.thaw(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
}
