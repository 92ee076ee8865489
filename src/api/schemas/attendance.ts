/** Answers about time and attendance. */
import { z } from '@hono/zod-openapi'
import type { PunchView, ShiftView } from '../acts/attendance.ts'

export const punchView = z.object({
  n: z.number().meta({ description: 'What corrections name it by.' }),
  at: z.string().meta({ description: 'By the clocks of the configured zone.' }),
  punch: z.string(),
  addedBy: z.string().nullable().meta({ description: 'Id of who wrote it by hand; null: an event said so.' }),
  addedByName: z.string().nullable(),
  addedBecause: z.string().nullable(),
  voidedBy: z.string().nullable().meta({ description: 'Id of who took it back; null: it counts.' }),
  voidedByName: z.string().nullable(),
  voidedBecause: z.string().nullable(),
}) satisfies z.ZodType<PunchView>

export const shiftView = z.object({
  day: z.string(),
  firstIn: z.string().nullable(),
  lastOut: z.string().nullable(),
  presentMinutes: z.number().nullable().meta({ description: 'From the first in to the last out, without breaks.' }),
  insideMinutes: z.number().meta({ description: 'Between each in and the next out, without breaks.' }),
  breakMinutes: z.number(),
  unpaired: z.number().meta({ description: 'Punches that found no partner: somebody should correct them.' }),
}) satisfies z.ZodType<ShiftView>
