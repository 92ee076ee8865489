/** Lock-outs: one of them, and all of them as signed lines. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
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
import { listedStates, lockoutView } from '../schemas/lockouts.ts'
import { time } from '../schemas/values.ts'

/** Which, by when they were decided and whose they are. */
const asked = {
  since: time.optional().meta({ description: 'Decided then or later.' }),
  until: time.optional().meta({ description: 'Decided before.' }),
  person: z.uuid().optional(),
}

const list = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/lockouts',
  summary: 'Lock-outs, those that are open first',
  request: {
    query: z.strictObject({
      state: z.enum(listedStates).optional(),
      target: configuredId.optional(),
      ...asked,
      ...pageQuery,
    }),
  },
  responses: {
    200: json(pageOf(lockoutView), 'The open ones first, and the newest of each. `state` goes by what the row claims.'),
    ...problems,
  },
})

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
    body: body(z.strictObject(asked)),
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
  api.openapi(list, async (c) => {
    const { state, target, since, until, person, ...page } = c.req.valid('query')
    const filter = {
      ...(state === undefined ? {} : { state }),
      ...(target === undefined ? {} : { target }),
      ...decided({ since, until, person }),
    }
    return c.json(await acts.lockouts(filter, toPage(page)), 200)
  })
  api.openapi(lockout, async (c) => c.json(await acts.lockout(c.req.valid('param').id), 200))
  api.openapi(signOff, async (c) => {
    await acts.signOffLockout(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(exported, async (c) => {
    const lines = await acts.exportLockouts(c.get('actor'), decided(c.req.valid('json')))
    const bytes = ReadableStream.from(cutOffQuietly(lines, log, c.get('requestId'))).pipeThrough(
      new TextEncoderStream(),
    )
    return c.body(bytes, 200, { 'content-type': 'application/octet-stream' })
  })
}

type Asked = { readonly [name in keyof typeof asked]?: string | undefined }

function decided({ since, until, person }: Asked): { since?: Date; until?: Date; person?: string } {
  return {
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(person === undefined ? {} : { person }),
  }
}
