/** What machines ask around the clock: alive, ready, figures, and the description of the API itself. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { json, needs, problems } from '../route.ts'

const live = createRoute({
  method: 'get',
  path: '/livez',
  summary: 'The process answers',
  responses: { 200: json(z.object({ ok: z.literal(true) }), 'It does.') },
})

const readiness = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean() })),
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'All that is needed to serve is there',
  responses: { 200: json(readiness, 'Ready.'), 503: json(readiness, 'Not ready.'), ...problems },
})

const metrics = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/metrics',
  summary: 'Figures for Prometheus',
  responses: {
    200: { description: 'Text format 0.0.4.', content: { 'text/plain': { schema: z.string() } } },
    ...problems,
  },
})

export function addOperations(api: Api, acts: Acts): void {
  api.openapi(live, (c) => c.json({ ok: true as const }, 200))
  api.openapi(ready, async (c) => {
    const { ok, checks } = await acts.ready()
    // No details: they name hosts, and everybody may ask.
    const body = { ok, checks: checks.map((check) => ({ name: check.name, ok: check.ok })) }
    return ok ? c.json(body, 200) : c.json(body, 503)
  })
  api.openapi(metrics, async (c) =>
    c.text(await acts.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
}

/** Serves `/openapi.json`: to be added last, when every route is known. */
export function addDescription(api: Api): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  let text: string | undefined
  api.get('/openapi.json', (c) => {
    text ??= JSON.stringify(
      api.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Gatehouse', version: '1', description: 'The acts of a running gateway.' },
      }),
    )
    return c.body(text, 200, { 'content-type': 'application/json' })
  })
}
