/** Plans: what would change, and a person's decision about it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { planChangeView, planStates, planView } from '../schemas/plans.ts'

const list = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/plans',
  summary: 'Plans, newest first',
  request: { query: z.strictObject({ state: z.enum(planStates).optional(), ...pageQuery }) },
  responses: { 200: json(pageOf(planView), 'One page of plans.'), ...problems },
})

const show = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/plans/{id}',
  summary: 'One plan',
  request: { params: byId },
  responses: { 200: json(planView, 'The plan and what held it.'), ...problems },
})

const changes = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/plans/{id}/changes',
  summary: 'What a plan changes, account by account; only what its release dropped, with `dropped=true`',
  request: { params: byId, query: z.strictObject({ dropped: z.literal('true').optional(), ...pageQuery }) },
  responses: { 200: json(pageOf(planChangeView), 'One page of changes.'), ...problems },
})

const release = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/plans/{id}/release',
  summary: 'Release a held plan: what is still wanted exactly so is applied, the rest is dropped',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: { 200: json(z.object({ applied: z.int(), dropped: z.int() }), 'How many changes.'), ...problems },
})

const reject = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/plans/{id}/reject',
  summary: 'Reject a held plan: it comes again with the next delivery of its source, or when it is asked for',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

const again = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/plans/{id}/again',
  summary: 'Make a rejected plan anew, of what is still wanted',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: {
    200: json(
      z.object({ plan: z.string().nullable(), state: z.enum(['held', 'passed']).nullable() }),
      'The new plan; null when nothing of it is wanted any more.',
    ),
    ...problems,
  },
})

export function addPlans(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => {
    const { state, ...page } = c.req.valid('query')
    return c.json(await acts.plans(c.get('actor'), state === undefined ? {} : { state }, toPage(page)), 200)
  })
  api.openapi(show, async (c) => c.json(await acts.plan(c.get('actor'), c.req.valid('param').id), 200))
  api.openapi(changes, async (c) => {
    const { dropped, ...page } = c.req.valid('query')
    const filter = dropped === undefined ? {} : { dropped: true }
    return c.json(await acts.planChanges(c.get('actor'), c.req.valid('param').id, filter, toPage(page)), 200)
  })
  api.openapi(release, async (c) =>
    c.json(await acts.releasePlan(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
  api.openapi(reject, async (c) => {
    await acts.rejectPlan(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(again, async (c) =>
    c.json(await acts.askAgain(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
}
