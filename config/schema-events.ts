/** What the configuration says about events: at a target, that they are read; for all of them, how long they are kept. */
import { z } from 'zod'
import type { EventClass } from '../src/model/events/types.ts'
import { duration, expression } from './schema-parts.ts'

const read = (of: 'source' | 'target') =>
  z
    .strictObject({
      site: expression.exactOptional().meta({
        title: 'Site',
        description: 'Gives the site of an event, or "" for none, from door.id, door.name, reader.id and reader.name.',
        examples: ['door.name.startsWith("Lyon ") ? "lyon" : "berlin"'],
      }),
    })
    .meta({
      title: 'Events',
      description: `Events of this ${of} are read and kept; write {} where its doors need no site. Left out: they are not.`,
    })

export const targetEvents = read('target')
/** A door system that is master of people tells what happens at its doors as well. */
export const sourceEvents = read('source')

const dayMs = 86_400_000

const kept = (text: string, of: string, example: string) =>
  duration
    .refine((ms) => ms >= dayMs, 'expected a day at least')
    .prefault(text)
    .meta({ title: of, description: example, examples: [text] })

export const events = z
  .strictObject({
    keep: z
      .strictObject({
        access: kept('90d', 'Access', 'Who came, and who was refused. As short as you can: it says where people were.'),
        door: kept('30d', 'Doors', 'What a door did.'),
        alarm: kept('365d', 'Alarms', 'Somebody should have looked.'),
        credential: kept('365d', 'Credentials', 'What people present was enrolled, changed or removed.'),
        system: kept('30d', 'System', 'Everything else.'),
      } satisfies Record<EventClass, unknown>)
      .prefault({})
      .meta({
        title: 'Keep',
        description: 'How long events are kept, by class. They are dropped by whole months, so up to a month later.',
      }),
  })
  .prefault({})
  .meta({ title: 'Events', description: 'The log of what door systems report.' })
