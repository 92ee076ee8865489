/** Individual grants: given, revoked and listed by an operator, with a reason. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { grantView } from '../schemas/grants.ts'

const add = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/grants',
  summary: 'Give one person an access level, until a time',
  description:
    '`until` is a duration (`8h`), a last day (`2026-03-06`) or a time (`2026-03-06T17:00`, in the zone of the site unless it says another); null means without an end.',
  request: {
    params: byId,
    body: body(
      z.strictObject({
        level: z.string().trim().min(3).max(300),
        until: z.string().trim().min(1).max(40).nullable(),
        reason,
      }),
    ),
  },
  responses: { 201: json(grantView, 'The grant, and what keeps it from opening anything yet.'), ...problems },
})

const ofPerson = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/people/{id}/grants',
  summary: 'The individual grants of one person that are not over',
  request: { params: byId },
  responses: { 200: json(z.object({ grants: z.array(grantView).readonly() }), 'Oldest first.'), ...problems },
})

const ofAll = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/grants',
  summary: 'All individual grants that are not over',
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(grantView), 'One page of grants.'), ...problems },
})

const revoke = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/grants/{id}/revoke',
  summary: 'Take an individual grant back, now; what the rules give stays',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

export function addGrants(api: Api, acts: Acts): void {
  api.openapi(add, async (c) =>
    c.json(await acts.addGrant(c.get('actor'), c.req.valid('param').id, c.req.valid('json')), 201),
  )
  api.openapi(ofPerson, async (c) => c.json({ grants: await acts.grantsOf(c.req.valid('param').id) }, 200))
  api.openapi(ofAll, async (c) => c.json(await acts.grants(toPage(c.req.valid('query'))), 200))
  api.openapi(revoke, async (c) => {
    await acts.revokeGrant(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
}
