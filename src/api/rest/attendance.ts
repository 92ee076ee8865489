/** Time and attendance: read by those who have that role; an admin says why. A person is never named in a path. */
import { createRoute, z } from '@hono/zod-openapi'
import { exportFormats, punchKinds } from '../../model/events/punch.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
import type { Api } from '../env.ts'
import { body, json, needsToRead, nothing, problems, reason } from '../route.ts'
import { punchView, shiftView } from '../schemas/attendance.ts'

const day = z.iso.date().meta({ description: 'A day of work.', examples: ['2026-03-28'] })
const by = z.string().trim().min(1).max(200).meta({ description: 'Employee number, or id of a person.' })
const why = reason
  .nullable()
  .default(null)
  .meta({ description: 'Why: needed without the role attendance. It goes into the audit trail.' })
const range = { from: day, to: day, reason: why }
const query = body(z.strictObject({ by, ...range }))

const listPunches = createRoute({
  ...needsToRead('attendance'),
  method: 'post',
  path: '/v1/attendance/punches/list',
  summary: 'Punches of a person, those that were taken back as well',
  request: { body: query },
  responses: { 200: json(z.object({ rows: z.array(punchView).readonly() }), 'In the order of time.'), ...problems },
})

const listShifts = createRoute({
  ...needsToRead('attendance'),
  method: 'post',
  path: '/v1/attendance/shifts/list',
  summary: 'Shifts of a person',
  request: { body: query },
  responses: { 200: json(z.object({ rows: z.array(shiftView).readonly() }), 'In the order of time.'), ...problems },
})

const add = createRoute({
  ...needsToRead('attendance'),
  method: 'post',
  path: '/v1/attendance/punches',
  summary: 'Add a punch that no event told of',
  request: {
    body: body(z.strictObject({ by, punch: z.enum(punchKinds), at: z.iso.datetime({ offset: true }), reason })),
  },
  responses: { 201: json(z.object({ n: z.number() }), 'What it is named by.'), ...problems },
})

const take = createRoute({
  ...needsToRead('attendance'),
  method: 'post',
  path: '/v1/attendance/punches/{n}/void',
  summary: 'Take a punch back: it stays, and does not count',
  request: {
    params: z.strictObject({
      n: z.coerce
        .number()
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER)
        .openapi({ param: { name: 'n', in: 'path' } }),
    }),
    body: body(z.strictObject({ reason })),
  },
  responses: nothing,
})

const exported = createRoute({
  ...needsToRead('attendance'),
  method: 'post',
  path: '/v1/attendance/export',
  summary: 'Shifts of everybody, for payroll',
  description: 'The last line holds control totals: an answer without it is not whole.',
  request: {
    body: body(z.strictObject({ ...range, format: z.enum(exportFormats).default('csv') })),
  },
  responses: {
    200: {
      description: 'Lines.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

export function addAttendance(api: Api, acts: Acts, log: Log): void {
  api.openapi(listPunches, async (c) => c.json({ rows: await acts.punches(c.get('actor'), c.req.valid('json')) }, 200))
  api.openapi(listShifts, async (c) => c.json({ rows: await acts.shifts(c.get('actor'), c.req.valid('json')) }, 200))
  api.openapi(add, async (c) => c.json({ n: await acts.addPunch(c.get('actor'), c.req.valid('json')) }, 201))
  api.openapi(take, async (c) => {
    await acts.voidPunch(c.get('actor'), c.req.valid('param').n, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(exported, async (c) => {
    const lines = await acts.exportShifts(c.get('actor'), c.req.valid('json'))
    const bytes = ReadableStream.from(cutOffQuietly(lines, log, c.get('requestId'))).pipeThrough(
      new TextEncoderStream(),
    )
    return c.body(bytes, 200, { 'content-type': 'application/octet-stream' })
  })
}
