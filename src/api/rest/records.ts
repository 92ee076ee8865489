/** What can only be read: access levels, and the audit trail, page by page or whole. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
import type { Api } from '../env.ts'
import { body, configuredId, json, needs, pageOf, pageQuery, problems, toPage } from '../route.ts'
import { auditEntryView, auditHead, auditVerdict } from '../schemas/audit.ts'
import { levelView } from '../schemas/targets.ts'

const levels = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/levels',
  summary: 'The access levels that the targets offer',
  request: { query: z.strictObject({ target: configuredId.optional() }) },
  responses: { 200: json(z.object({ levels: z.array(levelView).readonly() }), 'All of them.'), ...problems },
})

// Reasons that people typed are in it, so it is more than a viewer may see.
const audit = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/audit',
  summary: 'The audit trail, oldest first',
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(auditEntryView), 'One page of entries.'), ...problems },
})

const verify = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/audit/verify',
  summary: 'Check the whole audit trail',
  request: {
    query: z.strictObject({
      head: auditHead
        .optional()
        .meta({ description: 'A head that was written down: this very entry must still be there.' }),
    }),
  },
  responses: { 200: json(auditVerdict, 'Whether it is whole, and where it breaks.'), ...problems },
})

const exported = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/audit/export',
  summary: 'The whole audit trail as lines that can be verified without this gateway',
  description: 'The last line is signed, and says how many there are: an answer without it is not whole.',
  request: {
    body: body(
      z.strictObject({
        sealed: z.boolean().default(false).meta({ description: 'Leaves out what details say in clear.' }),
      }),
    ),
  },
  responses: {
    200: {
      description: 'Lines of JSON.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

export function addRecords(api: Api, acts: Acts, log: Log): void {
  api.openapi(levels, async (c) => c.json({ levels: await acts.levels(c.req.valid('query').target) }, 200))
  api.openapi(audit, async (c) => c.json(await acts.audit(toPage(c.req.valid('query'))), 200))
  api.openapi(verify, async (c) => c.json(await acts.verifyAudit(c.req.valid('query').head), 200))
  api.openapi(exported, async (c) => {
    const lines = await acts.exportAudit(c.get('actor'), c.req.valid('json').sealed)
    const bytes = ReadableStream.from(cutOffQuietly(lines, log, c.get('requestId'))).pipeThrough(
      new TextEncoderStream(),
    )
    return c.body(bytes, 200, { 'content-type': 'application/octet-stream' })
  })
}
