/** Answers about events. */
import { z } from '@hono/zod-openapi'
import type { CodeMeaning } from '../../model/events/code-meaning.ts'
import type { EventTypeLine } from '../../model/events/type-lines.ts'
import { eventClasses, eventTypes } from '../../model/events/types.ts'
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

export const eventTypeLine = z
  .object({
    type: z.enum(eventTypes),
    class: z.enum(eventClasses),
    severity: z.string().meta({ description: 'In the words of RFC 5424, where nothing else was set.' }),
    description: z.string(),
    onvif: z.array(z.string()).readonly().meta({ description: 'Topics that become this type, and what they say.' }),
  })
  .openapi('EventTypeLine') satisfies z.ZodType<EventTypeLine>

export const codeMeaning = z
  .object({
    code: z.string(),
    name: text,
    when: text.meta({ description: 'What the event must say besides.' }),
    type: z.enum(eventTypes),
    active: z.boolean().nullable(),
    note: text,
  })
  .openapi('EventCode') satisfies z.ZodType<CodeMeaning>
