/** What can only be read: access levels and the audit trail. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { configuredId, json, needs, pageOf, pageQuery, problems, toPage } from '../route.ts'
import { auditEntryView, auditVerdict } from '../schemas/audit.ts'
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
  responses: { 200: json(auditVerdict, 'Whether it is whole, and where it breaks.'), ...problems },
})

export function addRecords(api: Api, acts: Acts): void {
  api.openapi(levels, async (c) => c.json({ levels: await acts.levels(c.req.valid('query').target) }, 200))
  api.openapi(audit, async (c) => c.json(await acts.audit(toPage(c.req.valid('query'))), 200))
  api.openapi(verify, async (c) => c.json(await acts.verifyAudit(), 200))
}
