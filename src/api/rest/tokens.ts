/** API tokens: an admin makes, lists and revokes them. */
import { createRoute, z } from '@hono/zod-openapi'
import { roles } from '../../auth/actor.ts'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, problems } from '../route.ts'
import { tokenView } from '../schemas/tokens.ts'

const list = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/tokens',
  summary: 'All tokens, without their secrets',
  responses: { 200: json(z.object({ tokens: z.array(tokenView).readonly() }), 'Newest first.'), ...problems },
})

const create = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/tokens',
  summary: 'A new token for a subject, who is made when new',
  request: {
    body: body(
      z.strictObject({
        name: z.string().trim().min(1).max(100),
        role: z.enum(roles),
        days: z.int().min(1).max(366),
      }),
    ),
  },
  responses: {
    201: json(
      z.object({ id: z.string(), subject: z.string(), token: z.string(), expiresAt: z.iso.datetime() }),
      'The secret: shown this once.',
    ),
    ...problems,
  },
})

const revoke = createRoute({
  ...needs('admin'),
  method: 'delete',
  path: '/v1/tokens/{id}',
  summary: 'Revoke a token, at once',
  request: { params: byId },
  responses: nothing,
})

export function addTokens(api: Api, acts: Acts): void {
  api.openapi(list, async (c) => c.json({ tokens: await acts.tokens() }, 200))
  api.openapi(create, async (c) => c.json(await acts.createToken(c.get('actor'), c.req.valid('json')), 201))
  api.openapi(revoke, async (c) => {
    await acts.revokeToken(c.get('actor'), c.req.valid('param').id)
    return c.body(null, 204)
  })
}
