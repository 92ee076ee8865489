/** Answers about events. */
import { z } from '@hono/zod-openapi'
import type { EventSourceView, EventView } from '../acts/events.ts'
import { count, time, timeOrNull } from './values.ts'

const text = z.string().nullable()
const named = z.object({ id: z.string(), name: text }).nullable()
const ms = z.int().nullable()

export const eventView = z
  .object({
    source: z.string(),
    position: count,
    id: z.string(),
    type: z.string(),
    class: z.string(),
    at: time,
    approximate: z.boolean(),
    recordedAt: timeOrNull,
    receivedAt: time,
    live: z.boolean(),
    person: text,
    site: text,
    direction: text,
    door: named,
    reader: named,
    account: text,
    card: text,
    cardNumber: text,
    verify: z.array(z.string()).readonly(),
    deviceKey: text,
    active: z.boolean().nullable(),
    vendor: z.object({ code: z.string(), name: text, detail: z.record(z.string(), z.string()) }),
  })
  .openapi('Event') satisfies z.ZodType<EventView>

export const eventSourceView = z
  .object({
    source: z.string(),
    read: z.boolean(),
    events: count,
    heardAt: timeOrNull,
    receivedAt: timeOrNull,
    malformed: count,
    clocks: z.object({ devices: ms, furthest: ms, system: ms, measuredAt: timeOrNull }),
    underFormerKeys: count,
    months: z
      .array(z.object({ class: z.string(), month: z.string(), events: count, forgottenAt: timeOrNull }))
      .readonly(),
  })
  .openapi('EventSource') satisfies z.ZodType<EventSourceView>
