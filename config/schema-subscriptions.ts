/** What the configuration file may say of a subscription: which events leave, to whom, and how much of each. */
import { z } from 'zod'
import { reveals } from '../src/model/events/reveal.ts'
import { connector, expression, requestsPerSecond, settings } from './schema-parts.ts'

export const subscription = z.strictObject({
  connector,
  settings,
  requests_per_second: requestsPerSecond,
  feed: z
    .enum(['events'])
    .default('events')
    .meta({
      title: 'Feed',
      description: 'What is delivered. events: what door systems report.',
      examples: ['events'],
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
        'What of doors and people the receiver is told as it is. Of all else there are pseudonyms that only this subscription has. Left out: [door], unless the page of the connector says otherwise.',
      examples: [['door', 'employee_number']],
    }),
  from: z
    .enum(['now', 'start'])
    .default('now')
    .meta({
      title: 'From',
      description: 'Where a new subscription begins. start: with the oldest event that is kept.',
      examples: ['start'],
    }),
})
