/** The backup of everything that the gateway holds, streamed to whoever keeps it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import { cutOffQuietly } from '../cut-off.ts'
import type { Api } from '../env.ts'
import { body, needs, problems, reason } from '../route.ts'

const backUp = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/backup',
  summary: 'A sealed copy of all that the gateway holds, as it is at one moment',
  description: 'Only the keyring opens it. An answer that is cut off is not whole: throw it away.',
  request: { body: body(z.strictObject({ reason })) },
  responses: {
    200: {
      description: 'Its bytes.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems,
  },
})

export function addBackup(api: Api, acts: Acts, log: Log): void {
  api.openapi(backUp, async (c) => {
    const { content } = await acts.backUp(c.get('actor'), c.req.valid('json').reason)
    return c.body(ReadableStream.from(cutOffQuietly(content, log, c.get('requestId'))), 200, {
      'content-type': 'application/octet-stream',
    })
  })
}
