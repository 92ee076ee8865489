/** What was given up or refused: listed, tried again, signed off. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import {
  body,
  byId,
  configuredId,
  json,
  needs,
  nothing,
  pageOf,
  pageQuery,
  problems,
  reason,
  toPage,
} from '../route.ts'
import { failureView } from '../schemas/failures.ts'

const list = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/failures',
  summary: 'What was given up or refused, by account and part',
  request: { query: z.strictObject({ target: configuredId.optional(), ...pageQuery }) },
  responses: { 200: json(pageOf(failureView), 'In the order of accounts; `limit` counts accounts.'), ...problems },
})

const retry = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/failures/retry',
  summary: 'Have an account tried again now, or all of them, or those of a target',
  request: {
    body: body(
      z.union([
        z.strictObject({ account: z.uuid(), reason }),
        z.strictObject({ all: z.literal(true), target: configuredId.optional(), reason }),
      ]),
    ),
  },
  responses: { 200: json(z.object({ accounts: z.int().min(0) }), 'How many accounts are tried again.'), ...problems },
})

const discard = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/failures/{id}/discard',
  summary: 'Say by name that an account may stay as it is, until something newer is desired of it',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

export function addFailures(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => {
    const { target, ...page } = c.req.valid('query')
    return c.json(await acts.failures(target, toPage(page)), 200)
  })
  api.openapi(retry, async (c) => {
    const asked = c.req.valid('json')
    const which = 'account' in asked ? { account: asked.account } : { target: asked.target ?? null }
    return c.json({ accounts: await acts.retryFailures(c.get('actor'), which, asked.reason) }, 200)
  })
  api.openapi(discard, async (c) => {
    await acts.discardFailure(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
}
