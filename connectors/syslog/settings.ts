/** The settings of one syslog server: where it is, by what it is known, and how a message is written. */
import { z } from 'zod'
import { hasOneTrust, oneTrust, receiverFields } from '../../src/connector/receiver-settings.ts'
import { type EventClass, severityOf } from '../../src/model/events/types.ts'

/** RFC 5424, table 1: those that are not for a part of the system itself. */
export const facilities = {
  ...{ user: 1, daemon: 3, auth: 4, authpriv: 10, audit: 13, alert: 14 },
  ...{ local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23 },
} as const

/** RFC 5424, table 2, from the worst. */
export const severities = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'informational',
  'debug',
] as const

const names = <T extends string>(values: readonly T[]) => z.enum(values as readonly [T, ...T[]])

/** RFC 5424, section 6: printable ASCII without blanks. */
const printable = (max: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`), {
    error: `expected 1 to ${max} printable ASCII characters without blanks`,
  })

const severity = (of: EventClass) =>
  names(severities)
    .default(severityOf[of])
    .meta({ title: `Severity: ${of}`, description: `Of the events of class ${of}.`, examples: ['notice'] })

export const settings = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'expected a host name or an address' })
      .meta({ title: 'Host', description: 'Name or address of the server.', examples: ['siem.example.org'] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(6514)
      .meta({ title: 'Port', description: 'Of syslog over TLS (RFC 5425).', examples: [6514] }),
    ...receiverFields,
    plain_tcp: z
      .boolean()
      .default(false)
      .meta({
        title: 'Plain TCP',
        description:
          'Without TLS, for a server on this machine that passes on what it is told: host must be localhost or a loopback address, and allow_private true.',
        examples: [true],
      }),
    format: z
      .enum(['structured-data', 'cef'])
      .default('structured-data')
      .meta({
        title: 'Format',
        description:
          'structured-data: the fields of an event as structured data, and its data as JSON in the text. cef: a line of the ArcSight Common Event Format, version 0, as the text.',
        examples: ['cef'],
      }),
    confirm: z
      .enum(['by-closing', 'none'])
      .default('by-closing')
      .meta({
        title: 'Confirm',
        description:
          'Syslog has no acknowledgement. by-closing: each batch has a connection of its own, and counts when the server has read it to its end. none: one connection for all; the last batches are sent again when it breaks.',
        examples: ['none'],
      }),
    facility: names(Object.keys(facilities) as (keyof typeof facilities)[])
      .default('authpriv')
      .meta({ title: 'Facility', description: 'Where the server files the messages.', examples: ['local4'] }),
    severities: z
      .strictObject({
        access: severity('access'),
        door: severity('door'),
        alarm: severity('alarm'),
        credential: severity('credential'),
        system: severity('system'),
      } satisfies Record<EventClass, unknown>)
      .prefault({})
      .meta({ title: 'Severities', description: 'How grave events are, by their class.' }),
    app_name: printable(48)
      .default('gatehouse')
      .meta({ title: 'Application', description: 'APP-NAME of the messages.', examples: ['gatehouse-hq'] }),
    hostname: printable(255)
      .optional()
      .meta({
        title: 'Host name of ours',
        description: 'HOSTNAME of the messages. Left out: none, and the server puts in where they come from.',
        examples: ['gatehouse.example.org'],
      }),
    enterprise: z
      .string()
      .regex(/^[1-9]\d{0,9}(\.\d{1,10}){0,4}$/, { error: 'expected a private enterprise number' })
      .default('32473')
      .meta({
        title: 'Enterprise number',
        description:
          'Behind the @ of the structured data. The default is the number that RFC 5612 keeps for documents: set that of your organisation, if it has one.',
        examples: ['32473'],
      }),
    max_bytes: z
      .int()
      .min(1024)
      .max(65_536)
      .default(8192)
      .meta({
        title: 'Longest message',
        description:
          'In bytes. The text of a longer one is left out, and one that still is longer is refused. Servers cut off what they find too long: many at 8,192.',
        examples: [2048],
      }),
  })
  .refine(hasOneTrust, oneTrust)
  .refine(
    ({ plain_tcp, host }) => !plain_tcp || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host),
    {
      error: 'without TLS only for this machine: localhost, 127.0.0.1 or ::1',
      path: ['plain_tcp'],
    },
  )

export type SyslogSettings = z.output<typeof settings>
