/** Answers about alarms. */
import { z } from '@hono/zod-openapi'
import type { AlarmView } from '../acts/alarms.ts'
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
