/** What the configuration file may say of time and attendance: which events are punches, and how shifts are made of them. */
import { z } from 'zod'
import { deviceKeys } from '../src/model/events/event.ts'
import { punchKinds } from '../src/model/events/punch.ts'
import { isZoneName } from '../src/model/zone.ts'
import { duration, id } from './schema-parts.ts'

const hourMs = 3_600_000

const rule = z.strictObject({
  punch: z.enum(punchKinds).meta({
    title: 'Punch',
    description: 'What an event counts as for which all of the following hold; the first rule that fits counts.',
    examples: ['in'],
  }),
  target: id.optional().meta({
    title: 'Target',
    description: 'Reported by this target. Left out: by any.',
    examples: ['hq'],
  }),
  doors: z
    .array(z.string().min(1).max(512))
    .min(1)
    .optional()
    .meta({
      title: 'Doors',
      description: 'At one of these, by id or by name as the target has it. Left out: anywhere.',
      examples: [['Main entrance']],
    }),
  direction: z
    .enum(['in', 'out'])
    .optional()
    .meta({ title: 'Direction', description: 'In this direction.', examples: ['in'] }),
  key: z
    .enum(deviceKeys)
    .optional()
    .meta({ title: 'Key', description: 'With this key pressed at the device.', examples: ['check_in'] }),
})

const startOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as 04:00')
  .transform((text) => {
    const [hours, minutes] = text.split(':').map(Number) as [number, number]
    return hours * hourMs + minutes * 60_000
  })
  .meta({ takes: 'time' })

export const attendance = z
  .strictObject({
    punches: z.array(rule).default([]).meta({
      title: 'Punches',
      description: 'Which events are punches. Only of whoever was let in; left out: none are.',
    }),
    zone: z
      .string()
      .refine(isZoneName, 'expected a time zone by its IANA name, such as Europe/Berlin')
      .optional()
      .meta({
        title: 'Time zone',
        description: 'Whose days count. Default: that of the gateway.',
        examples: ['Europe/Berlin'],
        takes: 'time zone',
      }),
    day_starts: startOfDay.prefault('04:00').meta({
      title: 'Start of the day',
      description: 'When a day of work begins: whoever comes before belongs to the day before.',
      examples: ['04:00'],
    }),
    longest: duration
      .refine((ms) => ms >= hourMs && ms <= 36 * hourMs, 'expected 1h to 36h')
      .prefault('16h')
      .meta({
        title: 'Longest shift',
        description: 'A punch so long after the first one of a shift begins the next.',
        examples: ['16h'],
      }),
    rest: duration
      .refine((ms) => ms >= hourMs && ms <= 36 * hourMs, 'expected 1h to 36h')
      .prefault('9h')
      .meta({
        title: 'Rest',
        description:
          'So long without a punch ends a shift: more than the longest stretch between two punches, less than the time between two shifts.',
        examples: ['9h'],
      }),
    keep: duration
      .refine((ms) => ms >= 24 * hourMs, 'expected a day or longer')
      .prefault('1096d')
      .meta({
        title: 'Keep',
        description: 'So long punches and their corrections are kept.',
        examples: ['1096d'],
      }),
  })
  .prefault({})
  .meta({ title: 'Attendance', description: 'Time and attendance: who came and went, without saying where.' })
