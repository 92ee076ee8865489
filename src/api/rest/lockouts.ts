/** Lock-outs: one of them, and all of them as signed lines. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, problems, reason } from '../route.ts'
import { lockoutView } from '../schemas/lockouts.ts'
import { time } from '../schemas/values.ts'

const lockout = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/lockouts/{id}',
  summary: 'How far one lock-out is, and how long it took',
  request: { params: byId },
  responses: { 200: json(lockoutView, 'Its times and its level of proof.'), ...problems },
})

const exported = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/lockouts/export',
  summary: 'Lock-outs as signed lines for auditors, by random ids only',
  description: 'The last line says how many there are: an answer without it is not whole.',
  request: {
    body: body(
      z.strictObject({
        since: time.optional().meta({ description: 'Decided then or later.' }),
        until: time.optional().meta({ description: 'Decided before.' }),
        person: z.uuid().optional(),
      }),
    ),
  },
  responses: {
    200: {
      description: 'Lines of JSON, each signed.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

const signOff = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/lockouts/{id}/sign-off',
  summary: 'Take it upon oneself, by name, that a lock-out is not proven',
  description: 'Nobody is called for it any more. It stays desired, and is tried on as any other work.',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

export function addLockouts(api: Api, acts: Acts, log: Log): void {
  api.openapi(lockout, async (c) => c.json(await acts.lockout(c.req.valid('param').id), 200))
  api.openapi(signOff, async (c) => {
    await acts.signOffLockout(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(exported, async (c) => {
    const { since, until, person } = c.req.valid('json')
    const lines = await acts.exportLockouts(c.get('actor'), {
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
      ...(person === undefined ? {} : { person }),
    })
    const bytes = ReadableStream.from(cutOffQuietly(lines, log, c.get('requestId'))).pipeThrough(
      new TextEncoderStream(),
    )
    return c.body(bytes, 200, { 'content-type': 'application/octet-stream' })
  })
}
