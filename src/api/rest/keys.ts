/** The public half of the key that signs. */
import { createRoute } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { json, needs, problems } from '../route.ts'
import { publicKeyView } from '../schemas/keys.ts'

const publicKey = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/keys/public',
  summary: 'The public key that verifies what this gateway signs',
  responses: { 200: json(publicKeyView, 'To be pinned.'), ...problems },
})

export function addKeys(api: Api, acts: Acts): void {
  api.openapi(publicKey, async (c) => c.json(await acts.publicKey(), 200))
}
