/** Subscriptions: how they fare, on and off, once more from somewhere, and what was tried. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
import type { Api } from '../env.ts'
import { body, configuredId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { deliveryView, subscriptionTestView, subscriptionView } from '../schemas/subscriptions.ts'
import { count, time } from '../schemas/values.ts'

const params = z.strictObject({
  subscription: configuredId.openapi({ param: { name: 'subscription', in: 'path' } }),
})
const decision = { params, body: body(z.strictObject({ reason })) }

const list = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/subscriptions',
  summary: 'How far each subscription is, and how it fares',
  responses: { 200: json(z.object({ subscriptions: z.array(subscriptionView).readonly() }), 'By id.'), ...problems },
})

const one = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/subscriptions/{subscription}',
  summary: 'One subscription',
  request: { params },
  responses: { 200: json(subscriptionView, 'The subscription.'), ...problems },
})

const deliveries = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/subscriptions/{subscription}/deliveries',
  summary: 'What was tried, of the last 30 days, and what came of it; never what was in it',
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(deliveryView), 'Newest first.'), ...problems },
})

const enable = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/subscriptions/{subscription}/enable',
  summary: 'Let a subscription go on where it was; one that fails is tried at once',
  request: decision,
  responses: nothing,
})

const disable = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/subscriptions/{subscription}/disable',
  summary: 'Deliver nothing more: what happens meanwhile waits',
  request: decision,
  responses: nothing,
})

const test = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/subscriptions/{subscription}/test',
  summary: 'Send the receiver an event that never happened',
  request: { params },
  responses: { 200: json(subscriptionTestView, 'Whether it took it.'), ...problems },
})

const replay = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/subscriptions/{subscription}/replay',
  summary: 'Deliver once more what was delivered, from a time or an event on',
  request: {
    params,
    body: body(
      z
        .strictObject({
          reason,
          from: time.optional().meta({ description: 'All that was received since.' }),
          event: z
            .strictObject({ source: configuredId, position: z.int().min(1) })
            .optional()
            .meta({
              description: 'This one and those behind it: its system, or attendance_log of a punch, and its sequence.',
            }),
        })
        .refine(({ from, event }) => (from === undefined) !== (event === undefined), {
          error: 'give either from or event',
        }),
    ),
  },
  responses: { 200: json(z.object({ positions: count }), 'How many are gone through once more.'), ...problems },
})

const openFile = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/subscriptions/{subscription}/files/{file}/open',
  summary: 'A sealed file of a subscription, in clear: who came and went',
  description: 'An answer that ends before `content-length` is not whole: throw it away.',
  request: {
    params: params.extend({
      file: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,90}\.(jsonl|csv)\.sealed(\.part)?$/)
        .openapi({ param: { name: 'file', in: 'path' }, description: 'Its name, without a folder.' }),
    }),
    body: body(z.strictObject({ reason })),
  },
  responses: {
    200: {
      description: 'Its text.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

export function addSubscriptions(api: Api, acts: Acts, log: Log): void {
  api.openapi(openFile, async (c) => {
    const { subscription, file } = c.req.valid('param')
    const { bytes, content } = await acts.openSubscriptionFile(
      c.get('actor'),
      subscription,
      file,
      c.req.valid('json').reason,
    )
    return c.body(ReadableStream.from(cutOffQuietly(content, log, c.get('requestId'))), 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
    })
  })
  api.openapi(list, async (c) => c.json({ subscriptions: await acts.subscriptions() }, 200))
  api.openapi(one, async (c) => c.json(await acts.subscription(c.req.valid('param').subscription), 200))
  api.openapi(deliveries, async (c) =>
    c.json(await acts.deliveries(c.req.valid('param').subscription, toPage(c.req.valid('query'))), 200),
  )
  api.openapi(enable, async (c) => {
    await acts.enableSubscription(c.get('actor'), c.req.valid('param').subscription, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(disable, async (c) => {
    await acts.disableSubscription(c.get('actor'), c.req.valid('param').subscription, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(test, async (c) =>
    c.json(await acts.testSubscription(c.get('actor'), c.req.valid('param').subscription), 200),
  )
  api.openapi(replay, async (c) => {
    const { from, event, reason: why } = c.req.valid('json')
    const start = event ?? { time: from as string }
    return c.json(await acts.replaySubscription(c.get('actor'), c.req.valid('param').subscription, start, why), 200)
  })
}
