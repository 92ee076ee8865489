/** The settings of one AEOS server: where it is, who we are there, and how people, badges and blocks are written. */
import { z } from 'zod'
import { isZoneName } from '../../src/model/zone.ts'

const address = z.string().refine(
  (value) => {
    const url = URL.parse(value)
    return (
      url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.username === ''
    )
  },
  { error: 'expected https://host or https://host:port, without a path' },
)

const id = z.string().regex(/^[1-9]\d{0,18}$/, { error: 'expected the id as AEOS shows it: digits, in quotes' })

export const carrierTypes = ['employee', 'contractor', 'visitor'] as const

/** How badges of one identifier type are written. */
const identifierType = z.discriminatedUnion('format', [
  z.strictObject({
    id,
    format: z.literal('H10301'),
    facility: z.int().min(0).max(255).optional(),
    digits: z.int().min(1).max(32).optional(),
  }),
  z.strictObject({
    id,
    format: z.literal('CSN'),
    bytes: z.int().min(4).max(10),
    notation: z.enum(['hex', 'decimal']),
    byte_order: z.enum(['as-read', 'reversed']).default('as-read'),
    digits: z.int().min(1).max(32).optional(),
  }),
])
export type IdentifierType = z.output<typeof identifierType>

const freeField = z.strictObject({
  definition_id: id,
  fact: z.enum(['employeeNumber', 'email', 'department', 'title', 'preferredName']),
})

export const settings = z
  .strictObject({
    url: address.meta({
      title: 'Address',
      description: 'Address of the server, without /aeosws. Plain http is accepted for this machine only.',
      examples: ['https://aeos.example.org:8443'],
    }),
    ca: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional().meta({
      title: 'Certificate authority',
      description: 'PEM of the authority that signed the certificate of the server.',
    }),
    fingerprint256: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, { error: 'expected 64 hex digits, with or without colons' })
      .optional()
      .meta({
        title: 'Certificate fingerprint',
        description: 'SHA-256 of the certificate of the server, which is often self-signed.',
        examples: ['02:C6:39:9D:…'],
      }),
    username: z
      .string()
      .min(1)
      .regex(/^[^:]*$/, { error: 'a user name of HTTP Basic holds no colon' })
      .meta({
        title: 'System user',
        description: 'A system user of its own for the gateway: AEOS logs every change under its name.',
        examples: ['gatehouse'],
      }),
    password: z.string().min(1).meta({ title: 'Password', description: 'As a reference to a secret.', secret: true }),
    timezone: z
      .string()
      .refine(isZoneName, { error: 'expected an IANA time zone, such as Europe/Amsterdam' })
      .meta({
        title: 'Time zone of the server',
        description: 'AEOS gives its times without a zone, by the clock of the server.',
        examples: ['Europe/Amsterdam'],
      }),
    block_reasons: z.strictObject({ carrier: id, token: id }).meta({
      title: 'Block reasons',
      description:
        'Ids of the reasons for blocking a carrier and a badge. Reasons of our own tell our blocks from those of others; `gatehouse check` lists what there is.',
      examples: [{ carrier: '3', token: '4' }],
    }),
    carrier: z.enum(carrierTypes).default('employee').meta({
      title: 'Carrier type',
      description: 'What somebody becomes whose kind is not listed under carriers.',
    }),
    carriers: z
      .record(z.string().min(1), z.enum(carrierTypes))
      .default({})
      .meta({
        title: 'Carrier types by kind',
        description:
          "The carrier type for each kind of person, as the mapping of the source names them in person's kind.",
        examples: [{ contractor: 'contractor', visitor: 'visitor' }],
      }),
    identifier_types: z
      .array(identifierType)
      .default([])
      .meta({
        title: 'Identifier types',
        description:
          'How cards are written: the first one that fits is taken. H10301: the number alone where AEOS has the facility (customer) code in the type, else facility × 65536 + number. CSN: as hex or decimal. digits pads with zeros.',
        examples: [[{ id: '2', format: 'H10301', facility: 20 }]],
      }),
    unit_id: id.optional().meta({
      title: 'Unit',
      description: 'Unit of new carriers. Existing carriers stay where they are.',
    }),
    departments: z.enum(['leave', 'match']).default('leave').meta({
      title: 'Departments',
      description:
        'match: the department of that very name is set; one that AEOS does not have is refused. leave: departments stay as they are.',
    }),
    free_fields: z
      .array(freeField)
      .default([])
      .meta({
        title: 'Free fields',
        description:
          'Free fields that are written, by definition id. They must be assigned to the role of the system user.',
        examples: [[{ definition_id: '12', fact: 'title' }]],
      }),
    pins: z.boolean().default(true).meta({
      title: 'PINs',
      description: 'Whether PINs are set (verification type Pincode). false saves one request with each read.',
    }),
    entrance_schedule: id.optional().meta({
      title: 'Schedule for entrances',
      description:
        'Id of a day/time schedule. With it single entrances can be granted besides templates, each with this schedule.',
    }),
    unbounded_until: z.iso
      .date()
      .refine((date) => date >= '2099-01-01' && date <= '2149-05-29', {
        error: 'expected a date from 2099-01-01 to 2149-05-29',
      })
      .default('2149-05-29')
      .meta({
        title: 'No end',
        description:
          'What clears a leave date. 2149-05-29 is the documented value; servers that keep it as a date may need another one.',
      }),
  })
  .refine((value) => value.ca === undefined || value.fingerprint256 === undefined, {
    error: 'give either ca or fingerprint256',
    path: ['fingerprint256'],
  })

export type Settings = z.output<typeof settings>
export type CarrierType = Settings['carrier']
