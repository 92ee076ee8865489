/** What the configuration file may say of a subscription: which events leave, to whom, and how much of each. */
import { z } from 'zod'
import { feedNames, reveals } from '../src/model/events/reveal.ts'
import { connector, expression, requestsPerSecond, settings } from './schema-parts.ts'

export const subscription = z.strictObject({
  connector,
  settings,
  requests_per_second: requestsPerSecond,
  feed: z
    .enum(feedNames)
    .default('events')
    .meta({
      title: 'Feed',
      description:
        'What is delivered. events: what door systems report. punches: who came and went for time and attendance, which tells of no door, and goes only to connectors that say so. Of a subscription that is there it stays.',
      examples: ['punches'],
    }),
  filter: expression.exactOptional().meta({
    title: 'Filter',
    description:
      'CEL over event, and over person as far as reveal goes; true for what is delivered. Left out: everything. One that fails on an event delivers it not, with an alarm.',
    examples: ['event.class == "alarm" || event.decision == "denied"'],
  }),
  reveal: z
    .array(z.enum(reveals))
    .exactOptional()
    .meta({
      title: 'Reveal',
      description:
        'What of doors and people the receiver is told as it is. Of all else there are pseudonyms that only this subscription has. Left out: [door], unless the page of the connector says otherwise; of punches nothing, and there are only employee_number, name, email and department.',
      examples: [['door', 'employee_number']],
    }),
  from: z
    .enum(['now', 'start'])
    .default('now')
    .meta({
      title: 'From',
      description: 'Where a new subscription begins. start: with the oldest event, or punch, that is kept.',
      examples: ['start'],
    }),
})
