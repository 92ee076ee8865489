/** Erasures: looked at before, asked for, watched, and the few decisions that are left about one. */
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
import { erasurePreview, erasureView } from '../schemas/erasures.ts'

const preview = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/people/{id}/erasure',
  summary: 'What erasing this person would come to; nothing is done',
  request: { params: byId },
  responses: { 200: json(erasurePreview, 'Accounts, records and dates.'), ...problems },
})

const erase = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/people/{id}/erase',
  summary: 'Erase a person: locked out at once, removed everywhere, then deleted; nothing takes it back',
  description: 'The reason outlasts the person: it must not name them.',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: {
    200: json(
      z.object({ erasure: z.string(), lockouts: z.array(z.string()).readonly() }),
      'The erasure and the lock-outs to watch.',
    ),
    ...problems,
  },
})

const list = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/erasures',
  summary: 'Erasures, newest first',
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(erasureView), 'One page of erasures.'), ...problems },
})

const show = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/erasures/{id}',
  summary: 'One erasure with its signed statements',
  request: { params: byId },
  responses: { 200: json(erasureView, 'How far it is.'), ...problems },
})

const lift = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/erasures/lift',
  summary: 'Let somebody who was erased be brought in again, by erasure or employee number',
  description: 'A POST, because numbers in URLs end up in logs.',
  request: { body: body(z.strictObject({ by: z.string().trim().min(1).max(200), reason })) },
  responses: { 200: json(z.object({ erasure: z.string() }), 'The erasure that holds nothing any more.'), ...problems },
})

const signOff = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/erasures/{id}/sign-off',
  summary: 'Do without a target that is gone for good',
  request: { params: byId, body: body(z.strictObject({ target: configuredId, reason })) },
  responses: nothing,
})

export function addErasures(api: Api, acts: Acts): void {
  api.openapi(preview, async (c) => c.json(await acts.previewErasure(c.req.valid('param').id), 200))
  api.openapi(erase, async (c) =>
    c.json(await acts.erasePerson(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
  api.openapi(list, async (c) => c.json(await acts.erasures(toPage(c.req.valid('query'))), 200))
  api.openapi(lift, async (c) => {
    const { by, reason: why } = c.req.valid('json')
    return c.json(await acts.liftErasure(c.get('actor'), by, why), 200)
  })
  api.openapi(show, async (c) => c.json(await acts.erasure(c.req.valid('param').id), 200))
  api.openapi(signOff, async (c) => {
    const { target, reason: why } = c.req.valid('json')
    await acts.signOffErasure(c.get('actor'), c.req.valid('param').id, target, why)
    return c.body(null, 204)
  })
}
