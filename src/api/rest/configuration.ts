/** The configuration: what is in force, what the file says instead, and a person's decision about it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, json, needs, problems, reason } from '../route.ts'
import { configStanding, configView, decidedConfig } from '../schemas/configuration.ts'

/** Twelve digits of a keyed digest: nobody can make another file that begins so. */
const digest = z
  .string()
  .regex(/^[0-9a-f]{12,64}$/)
  .meta({ description: 'As shown, or its first twelve digits or more.', examples: ['3f9a0c21b7de'] })

const show = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/configuration',
  summary: 'The configuration in force, and what the file says instead',
  responses: { 200: json(configView, 'What is in force, what is proposed, and what that would change.'), ...problems },
})

const propose = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/configuration/propose',
  summary: 'Read the file now, and propose what it says; also what was rejected before',
  responses: { 200: json(configStanding, 'How the file stands to what is in force.'), ...problems },
})

const release = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/configuration/release',
  summary: 'Release the proposed configuration: every process goes over to it within moments',
  request: { body: body(z.strictObject({ digest, reason })) },
  responses: { 200: json(decidedConfig, 'The version that is in force now.'), ...problems },
})

const reject = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/configuration/reject',
  summary: 'Reject the proposed configuration: it is not proposed again until the file changes',
  request: { body: body(z.strictObject({ digest, reason })) },
  responses: { 200: json(decidedConfig, 'The version that was rejected.'), ...problems },
})

export function addConfiguration(api: Api, acts: Acts): void {
  api.openapi(show, async (c) => c.json(await acts.configuration(), 200))
  api.openapi(propose, async (c) => c.json(await acts.proposeConfiguration(c.get('actor')), 200))
  api.openapi(release, async (c) => {
    const { digest: named, reason: why } = c.req.valid('json')
    return c.json(await acts.releaseConfiguration(c.get('actor'), named, why), 200)
  })
  api.openapi(reject, async (c) => {
    const { digest: named, reason: why } = c.req.valid('json')
    return c.json(await acts.rejectConfiguration(c.get('actor'), named, why), 200)
  })
}
