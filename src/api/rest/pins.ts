/** PINs: an operator issues one, with a reason. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, configuredId, json, needs, problems, reason } from '../route.ts'
import { issuedPinView } from '../schemas/pins.ts'

const issue = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/pin',
  summary: 'Issue a new PIN to a person; it is told this once',
  description: 'It is sealed until every target has it, and deleted then. It takes the place of any PIN before.',
  request: {
    params: byId,
    body: body(
      z.strictObject({
        target: configuredId
          .nullable()
          .default(null)
          .meta({ description: 'Null: wherever the person has an account.' }),
        reason,
      }),
    ),
  },
  responses: { 201: json(issuedPinView, 'The PIN, and where it is to be set.'), ...problems },
})

export function addPins(api: Api, acts: Acts): void {
  api.openapi(issue, async (c) =>
    c.json(await acts.issuePin(c.get('actor'), c.req.valid('param').id, c.req.valid('json')), 201),
  )
}
