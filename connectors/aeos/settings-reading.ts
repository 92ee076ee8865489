/** The settings of what is read again and again: the people of a source, and events. */
import { z } from 'zod'
import { durationMs } from '../../src/model/duration.ts'
import { carrierTypes, id } from './settings-fields.ts'

/** Kept as written: settings that were parsed are parsed once more where they are used. */
function durationFrom10ms(to: string) {
  return z.string().refine(
    (text) => {
      const ms = durationMs(text)
      return ms !== null && ms >= 10 && ms <= (durationMs(to) ?? 0)
    },
    { error: `expected a duration such as 2s, from 10ms to ${to}` },
  )
}

const pollEvery = durationFrom10ms('1h')
  .default('2s')
  .meta({
    title: 'Poll every',
    takes: 'duration',
    description:
      'As a source: how often the server is asked for changes: with one request when there are none, and from the version of August 2024 on one more for each carrier type.',
    examples: ['2s'],
  })

/** What is read of a server that is a source. */
export const people = z
  .strictObject({
    poll_every: pollEvery,
    full_at: z
      .array(z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'expected a time of the day, such as 03:00' }))
      .min(1)
      .default(['03:00'])
      .meta({
        title: 'Full at',
        description:
          'As a source: when everybody is read once more, by the clock of the server. It takes two requests for each carrier, beside the changes.',
        examples: [['03:00', '12:30']],
      }),
    carrier_types: z
      .array(z.enum(carrierTypes))
      .min(1)
      .default([...carrierTypes])
      .meta({
        title: 'Carrier types',
        description: 'As a source: which carriers are read.',
        examples: [['employee', 'contractor']],
      }),
    free_fields: z
      .array(
        z.strictObject({
          definition_id: id.meta({ title: 'Id', description: 'Id of its definition.', examples: ['12'] }),
          column: z
            .string()
            .regex(/^field_[a-z0-9_]{1,60}$/, { error: 'expected field_ and small letters, digits or _' })
            .meta({ title: 'Column', description: 'Its name in the mapping.', examples: ['field_cost_centre'] }),
        }),
      )
      .default([])
      .meta({
        title: 'Free fields',
        description: 'As a source: free fields that are read, each into a column of its own.',
        examples: [[{ definition_id: '12', column: 'field_cost_centre' }]],
      }),
    photos: z
      .boolean()
      .default(false)
      .meta({
        title: 'Photos',
        description:
          'As a source: whether the column photo says which photo each carrier has. It takes one more request for each carrier who is neither blocked nor gone; the photo itself is fetched when it is written somewhere.',
        examples: [true],
      }),
  })
  .prefault({})
  .meta({ title: 'People', description: 'As a source: what is read, and when.' })

/** What is read of what happened at the doors. */
export const events = z
  .strictObject({
    poll_every: durationFrom10ms('30s')
      .default('1s')
      .meta({
        title: 'Poll every',
        takes: 'duration',
        description:
          'How often the server is asked for events: with one request when there are none, and once a minute with two more.',
        examples: ['1s'],
      }),
  })
  .prefault({})
  .meta({ title: 'Events', description: 'Where events are read: how often.' })
