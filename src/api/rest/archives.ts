/** Archived deliveries: listed, opened and destroyed by an admin, with a reason. */
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
import { archiveView } from '../schemas/archives.ts'

const list = createRoute({
  ...needs('admin'),
  method: 'get',
  path: '/v1/archives',
  summary: 'What is kept of past deliveries, newest first',
  request: { query: z.strictObject({ source: configuredId.optional(), ...pageQuery }) },
  responses: { 200: json(pageOf(archiveView), 'One page of archives.'), ...problems },
})

const open = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/archives/{id}/open',
  summary: 'One delivery as it came: plain personal data',
  description: 'An answer that ends before `content-length` is not whole: throw it away.',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: {
    200: {
      description: 'Its bytes.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

const destroy = createRoute({
  ...needs('admin'),
  method: 'post',
  path: '/v1/archives/{id}/destroy',
  summary: 'Destroy one archived delivery, at once and for ever',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

export function addArchives(api: Api, acts: Acts, log: Log): void {
  api.openapi(list, async (c) => {
    const { source, ...page } = c.req.valid('query')
    return c.json(await acts.archives(source, toPage(page)), 200)
  })
  api.openapi(open, async (c) => {
    const { bytes, content } = await acts.openArchive(
      c.get('actor'),
      c.req.valid('param').id,
      c.req.valid('json').reason,
    )
    return c.body(ReadableStream.from(cutOffQuietly(content, log, c.get('requestId'))), 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
    })
  })
  api.openapi(destroy, async (c) => {
    await acts.destroyArchive(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
}
