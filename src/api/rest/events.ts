/** Events, for the role security: found by person, card, door, time or type, and told as they come. */
import { createRoute, z } from '@hono/zod-openapi'
import { eventClasses, eventTypes } from '../../model/events/types.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { streamEvents } from '../event-stream.ts'
import type { Authenticate } from '../gate.ts'
import { body, configuredId, json, needs, needsToRead, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { codeMeaning, eventSourceView, eventTypeLine, eventView } from '../schemas/events.ts'
import { count } from '../schemas/values.ts'

const named = z.string().trim().min(1).max(200)
const time = z.iso.datetime({ offset: true })

const find = createRoute({
  ...needsToRead('security'),
  method: 'post',
  path: '/v1/events/find',
  summary: 'Find events, the newest first; whoever asks, and for what, is recorded',
  description: 'A POST, because names and numbers in URLs end up in logs.',
  request: {
    body: body(
      z.strictObject({
        source: configuredId.optional(),
        person: named.optional().meta({ description: 'By employee number, card or id.' }),
        card: named.optional().meta({ description: '`H10301:facility:number` or `CSN:hex`.' }),
        door: named.optional().meta({ description: "`target/id`, by the system's own id of the door." }),
        type: z.enum(eventTypes).optional(),
        class: z.enum(eventClasses).optional(),
        unknownCards: z.boolean().optional().meta({ description: "Only cards that are nobody's." }),
        from: time.optional().meta({ description: 'Happened then or later.' }),
        to: time.optional().meta({ description: 'Happened before.' }),
        reason: reason
          .nullable()
          .default(null)
          .meta({ description: 'Why: needed without the role security. It goes into the audit trail.' }),
        ...pageQuery,
        limit: z.int().min(1).max(500).default(100).meta({ description: 'Rows per page.' }),
      }),
    ),
  },
  responses: {
    200: json(
      pageOf(eventView).extend({ erased: count }),
      'Movements in clear. `erased`: of people who are erased, which open no more.',
    ),
    ...problems,
  },
})

const stream = createRoute({
  ...needsToRead('security'),
  method: 'get',
  path: '/v1/events/stream',
  summary: 'Events as they come, as server-sent events',
  description:
    'The id of each is where to go on: send the last one as Last-Event-ID. Without it, what comes from now on. Whoever reads too slowly is cut off; so is whose token ends.',
  request: {
    headers: z.object({
      'last-event-id': z.string().max(4_000).optional(),
      'x-gatehouse-reason': z
        .string()
        .max(3_000)
        .optional()
        .meta({ description: 'Why, percent-encoded: needed without the role security. It goes into the audit trail.' }),
    }),
    query: z.strictObject({
      follow: z
        .enum(['true', 'false'])
        .default('true')
        .meta({ description: 'false: ends once everything that is there was told.' }),
    }),
  },
  responses: {
    200: {
      description: 'One event of the type `event` each, with an Event as JSON; comments in between as heartbeats.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problems,
  },
})

const sources = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/events/sources',
  summary: 'Who reports events: how many, when heard last, and how wrong the clocks are',
  responses: { 200: json(z.object({ sources: z.array(eventSourceView).readonly() }), 'By name.'), ...problems },
})

const types = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/events/types',
  summary: 'The types of events',
  responses: { 200: json(z.object({ types: z.array(eventTypeLine).readonly() }), 'By class.'), ...problems },
})

const codes = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/events/types/{system}',
  summary: 'What the codes of a system become',
  request: { params: z.object({ system: configuredId.meta({ description: 'A connector with events, or `onvif`.' }) }) },
  responses: {
    200: json(
      z.object({ codes: z.array(codeMeaning).readonly() }),
      'Read from top to bottom: of one code the first line that fits counts. Whatever fits none is `other`.',
    ),
    ...problems,
  },
})

export function addEvents(api: Api, acts: Acts, authenticate: Authenticate, log: Log): void {
  api.openapi(find, async (c) => {
    const { after, limit, reason: why, ...query } = c.req.valid('json')
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
    return c.json(await acts.findEvents({ actor: c.get('actor'), reason: why }, given, toPage({ after, limit })), 200)
  })
  api.openapi(stream, async (c) => {
    const { 'last-event-id': after, 'x-gatehouse-reason': header } = c.req.valid('header')
    const cursor = await acts.openTail({ actor: c.get('actor'), reason: reasonIn(header) }, after)
    const [, bearer = ''] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    const { role, subject } = c.get('actor')
    const isAllowed = async (): Promise<boolean> => {
      const actor = await authenticate(bearer)
      return actor?.subject === subject && actor.role === role
    }
    const bytes = streamEvents({
      ...{ cursor, isAllowed, log, request: c.get('requestId') },
      follow: c.req.valid('query').follow === 'true',
      tail: (from, limit) => acts.tail(from, limit),
    })
    return c.body(bytes, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  })
  api.openapi(types, async (c) => c.json({ types: await acts.eventTypes() }, 200))
  api.openapi(codes, async (c) => c.json({ codes: await acts.eventCodes(c.req.valid('param').system) }, 200))
  api.openapi(sources, async (c) => c.json({ sources: await acts.eventSources() }, 200))
}

/** What is no reason is none. */
function reasonIn(header: string | undefined): string | null {
  try {
    return reason.safeParse(decodeURIComponent(header ?? '')).data ?? null
  } catch {
    return null
  }
}
