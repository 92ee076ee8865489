/** Answers about alarms. */
import { z } from '@hono/zod-openapi'
import type { AlarmTestView, AlarmView } from '../acts/alarms.ts'
import { count, time, timeOrNull } from './values.ts'

export const alarmView = z
  .object({
    code: z.string(),
    scope: z.string(),
    since: time,
    clearedAt: timeOrNull.meta({ description: 'Null while it is on.' }),
    count: count.nullable(),
    action: z.string().nullable().meta({ description: 'What to do about it.' }),
  })
  .openapi('Alarm') satisfies z.ZodType<AlarmView>

export const alarmTestView = z
  .object({
    taken: z.boolean(),
    code: z.string().nullable().meta({ description: 'Why the receiver did not take it.' }),
    tookMs: z.number(),
  })
  .openapi('AlarmTest') satisfies z.ZodType<AlarmTestView>
