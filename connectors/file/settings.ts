/** The settings of files that events are written to: where, in what form, by whose days, and who can read them. */
import { z } from 'zod'
import { isZoneName } from '../../src/model/zone.ts'

export const settings = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .meta({
        title: 'Folder',
        description: 'Where the files go, as the process sees it that delivers. It must be there, and writable.',
        takes: 'path',
        examples: ['/srv/payroll'],
      }),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'expected up to 64 letters, digits, _ and -' })
      .default('events')
      .meta({
        title: 'Name',
        description: 'What the names of the files begin with; no two subscriptions may share name and folder.',
        examples: ['punches'],
      }),
    zone: z
      .string()
      .refine(isZoneName, { error: 'expected a time zone by its IANA name, such as Europe/Berlin' })
      .meta({
        title: 'Time zone',
        description: 'By whose midnight a file ends and the next one begins.',
        takes: 'time zone',
        examples: ['Europe/Berlin'],
      }),
    protection: z
      .enum(['sealed', 'clear'])
      .default('sealed')
      .meta({
        title: 'Protection',
        description:
          'sealed: only this gateway can open a file. clear: whoever can read the file reads who came and went.',
        examples: ['clear'],
      }),
    format: z
      .enum(['jsonl', 'csv'])
      .default('jsonl')
      .meta({ title: 'Format', description: 'jsonl: one CloudEvent in each line.', examples: ['csv'] }),
    columns: z
      .array(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,127}$/, { error: 'expected a dotted name, such as data.door.name' }),
      )
      .min(1)
      .max(100)
      .optional()
      .meta({
        title: 'Columns',
        description:
          'Of a CSV file, behind id: what of an event, or a punch, stands in them, by dotted names. Whatever has parts of its own is written as JSON. Left out: those that the page of the connector lists.',
        examples: [['time', 'type', 'data.person.employeeNumber']],
      }),
    delimiter: z
      .enum([',', ';', '\t'])
      .default(',')
      .meta({ title: 'Delimiter', description: 'The character between the cells of a CSV file.', examples: [';'] }),
  })
  .refine(({ columns = [] }) => new Set(columns).size === columns.length && !columns.includes('id'), {
    error: 'expected each column once, and not id, which is always the first',
    path: ['columns'],
  })

export type FileSettings = z.output<typeof settings>
