/** Suspended accounts, which two different people open again; and windows in which enrolling is expected. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { approved, enrolmentView, released, suspensionView } from '../schemas/suspensions.ts'

const filter = {
  all: z.enum(['true', 'false']).default('false').meta({ description: 'Also those that are over.' }),
  ...pageQuery,
}
const act = { params: byId, body: body(z.strictObject({ reason })) }

const list = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/suspensions',
  summary: 'Accounts that are suspended, newest first',
  request: { query: z.strictObject(filter) },
  responses: { 200: json(pageOf(suspensionView), 'One page.'), ...problems },
})

const show = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/suspensions/{id}',
  summary: 'One suspension, and who approved what was found last',
  request: { params: byId },
  responses: { 200: json(suspensionView, 'With the reasons.'), ...problems },
})

const approve = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/suspensions/{id}/approve',
  summary: 'Approve what was found; the second different person opens the account',
  request: act,
  responses: { 200: json(approved, 'Whether it opens.'), ...problems },
})

const keep = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/suspensions/{id}/keep',
  summary: 'Say by name that the account stays shut; what was approved counts no more',
  request: act,
  responses: nothing,
})

const release = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/suspensions/{id}/release',
  summary: 'Shut an account that waits, since the brake held it back or its person is protected',
  request: act,
  responses: { 200: json(released, 'The lock-outs that this began.'), ...problems },
})

const open = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/enrolments',
  summary: 'Say that something is to be enrolled for a person: until it ends, what is enrolled is expected',
  request: {
    params: byId,
    body: body(
      z.strictObject({
        for: z
          .string()
          .trim()
          .min(2)
          .max(20)
          .meta({ description: 'A duration.', examples: ['30m'] }),
        reason,
      }),
    ),
  },
  responses: { 201: json(enrolmentView, 'The window; it ends by itself.'), ...problems },
})

const windows = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/enrolments',
  summary: 'Enrolment windows that are open, newest first',
  request: { query: z.strictObject(filter) },
  responses: { 200: json(pageOf(enrolmentView), 'One page.'), ...problems },
})

const close = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/enrolments/{id}/close',
  summary: 'End an enrolment window before its time',
  request: act,
  responses: nothing,
})

export function addSuspensions(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => {
    const { all, ...page } = c.req.valid('query')
    return c.json(await acts.suspensions({ all: all === 'true' }, toPage(page)), 200)
  })
  api.openapi(show, async (c) => c.json(await acts.suspension(c.req.valid('param').id), 200))
  api.openapi(approve, async (c) =>
    c.json(await acts.approveSuspension(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
  api.openapi(keep, async (c) => {
    await acts.keepSuspended(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(release, async (c) =>
    c.json(await acts.releaseSuspension(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
  api.openapi(open, async (c) =>
    c.json(await acts.openEnrolment(c.get('actor'), c.req.valid('param').id, c.req.valid('json')), 201),
  )
  api.openapi(windows, async (c) => {
    const { all, ...page } = c.req.valid('query')
    return c.json(await acts.enrolments({ all: all === 'true' }, toPage(page)), 200)
  })
  api.openapi(close, async (c) => {
    await acts.closeEnrolment(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
}
