/** Keys: shown by id and age, turned over, and the public half of the one that signs. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, json, needs, problems, reason } from '../route.ts'
import { keysView, publicKeyView } from '../schemas/keys.ts'

const publicKey = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/keys/public',
  summary: 'The public key that verifies what this gateway signs',
  responses: { 200: json(publicKeyView, 'To be pinned.'), ...problems },
})

const show = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/keys',
  summary: 'Ids, ages and counts of the keys; never their bytes',
  responses: { 200: json(keysView, 'The keyring as it is now.'), ...problems },
})

const rotate = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/keys/rotate',
  summary: 'Begin a new epoch: everybody is wrapped under a new key',
  request: { body: body(z.strictObject({ reason })) },
  responses: { 200: json(z.object({ epoch: z.string() }), 'The new epoch.'), ...problems },
})

export function addKeys(api: Api, acts: Acts): void {
  api.openapi(publicKey, async (c) => c.json(await acts.publicKey(), 200))
  api.openapi(show, async (c) => c.json(await acts.keys(), 200))
  api.openapi(rotate, async (c) => c.json(await acts.rotateKeys(c.get('actor'), c.req.valid('json').reason), 200))
}
