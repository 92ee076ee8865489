/** The settings of one AEOS server: where it is, who we are there, and how people, badges and blocks are written. */
import { z } from 'zod'
import { facilityFormats, layouts, numberFormats } from '../../src/model/cards/layouts.ts'
import { isZoneName } from '../../src/model/zone.ts'
import { isOf, whoHas } from './carrier-fields.ts'
import { carrierField, carrierTypes, freeField, id } from './settings-fields.ts'
import { events, people } from './settings-reading.ts'

const address = z.string().refine(
  (value) => {
    const url = URL.parse(value)
    return (
      url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.username === ''
    )
  },
  { error: 'expected https://host or https://host:port, without a path' },
)

const typeId = id.meta({ title: 'Id', description: 'Id of the identifier type.', examples: ['2'] })
function facilityBits(format: (typeof facilityFormats)[number]): number {
  return layouts[format].fields.find(({ name }) => name === 'facility')?.places.length ?? 0
}

const digits = z
  .int()
  .min(1)
  .max(32)
  .optional()
  .meta({ title: 'Digits', description: 'Shorter numbers are padded with zeros to so many.', examples: [5] })

const base = z
  .enum(['decimal', 'hex'])
  .optional()
  .meta({
    title: 'Notation',
    description: 'How the number is written. Default: decimal.',
    examples: ['hex'],
  })

/** How badges of one identifier type are written. */
const identifierType = z.discriminatedUnion('format', [
  z
    .strictObject({
      id: typeId,
      format: z
        .enum(facilityFormats)
        .meta({ description: 'A card with facility and number, such as 26-bit Wiegand.', examples: ['H10301'] }),
      facility: z
        .int()
        .min(0)
        .max(2 ** 24 - 1)
        .optional()
        .meta({
          title: 'Facility code',
          description:
            'The facility (customer) code that AEOS keeps with this type: only cards with this code are of the type.',
          examples: [20],
        }),
      writes: z
        .enum(['number', 'joined', 'bits'])
        .optional()
        .meta({
          title: 'What is written',
          description:
            'number: the number alone, which needs a facility. joined: facility bits and number bits as one number, for H10301 facility × 65536 + number. bits: all bits with parity. Default: number with a facility, else joined.',
          examples: ['bits'],
        }),
      notation: base,
      digits,
    })
    .refine(({ format, facility }) => facility === undefined || facility < 2 ** facilityBits(format), {
      error: 'this format has no room for such a facility code',
      path: ['facility'],
    })
    .refine(({ facility, writes }) => writes !== 'number' || facility !== undefined, {
      error: 'a number alone names no card: give the facility as well',
      path: ['writes'],
    }),
  z.strictObject({
    id: typeId,
    format: z
      .enum([...numberFormats, 'PIV75'])
      .meta({ description: 'A card of one number; of PIV75 all bits are written.', examples: ['H10302'] }),
    notation: base,
    digits,
  }),
  z.strictObject({
    id: typeId,
    format: z.literal('CSN').meta({ description: 'A chip serial number.', examples: ['CSN'] }),
    bytes: z
      .int()
      .min(4)
      .max(10)
      .meta({ title: 'Bytes', description: 'Its length.', examples: [7] }),
    notation: z
      .enum(['hex', 'decimal'])
      .meta({ title: 'Notation', description: 'How it is written.', examples: ['hex'] }),
    byte_order: z
      .enum(['as-read', 'reversed'])
      .default('as-read')
      .meta({
        title: 'Byte order',
        description: 'Whether AEOS keeps the bytes in the order of the chip, or reversed.',
        examples: ['reversed'],
      }),
    digits,
  }),
])
export type IdentifierType = z.output<typeof identifierType>

export const settings = z
  .strictObject({
    url: address.meta({
      title: 'Address',
      description: 'Address of the server, without /aeosws. Plain http is accepted for this machine only.',
      examples: ['https://aeos.example.org:8443'],
    }),
    ca: z
      .string()
      .startsWith('-----BEGIN CERTIFICATE-----')
      .optional()
      .meta({
        title: 'Certificate authority',
        takes: 'PEM',
        description: 'PEM of the authority that signed the certificate of the server.',
        examples: [`\${file:/etc/gatehouse/aeos-ca.pem}`],
      }),
    fingerprint256: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, { error: 'expected 64 hex digits, with or without colons' })
      .optional()
      .meta({
        title: 'Certificate fingerprint',
        description: 'SHA-256 of the certificate of the server, which is often self-signed.',
        examples: ['02C6399DD4206AA1C893C9E33BF72896B9BEB0B49B047A271183FAEA7EC217F2'],
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
    password: z
      .string()
      .min(1)
      .meta({
        title: 'Password',
        description: 'As a reference to a secret.',
        secret: true,
        examples: [`\${file:/etc/gatehouse/aeos-password}`],
      }),
    server_zone: z
      .string()
      .refine(isZoneName, { error: 'expected an IANA time zone, such as Europe/Amsterdam' })
      .meta({
        title: 'Time zone of the server',
        takes: 'time zone',
        description: 'AEOS gives and takes its times without a zone, by the clock of the server.',
        examples: ['Europe/Amsterdam'],
      }),
    block_reasons: z
      .strictObject({
        carrier: id.meta({ title: 'Of carriers', description: 'Reason for blocking a carrier.', examples: ['3'] }),
        token: id.meta({ title: 'Of badges', description: 'Reason for blocking a badge.', examples: ['4'] }),
      })
      .optional()
      .meta({
        title: 'Block reasons',
        description:
          'Needed as a target. Ids of the reasons for blocking a carrier and a badge. Reasons of our own tell our blocks from those of others; `gatehouse check` lists what there is.',
        examples: [{ carrier: '3', token: '4' }],
      }),
    carrier: z
      .enum(carrierTypes)
      .default('employee')
      .meta({
        title: 'Carrier type',
        description: 'What somebody becomes whose kind is not listed under carriers.',
        examples: ['employee'],
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
        description: 'How cards are written: the first one that fits is taken. Without any, no card can be written.',
        examples: [[{ id: '2', format: 'H10301', facility: 20 }]],
      }),
    unit_id: id.optional().meta({
      title: 'Unit',
      description: 'Unit of new carriers. Existing carriers stay where they are.',
      examples: ['6'],
    }),
    departments: z
      .enum(['leave', 'match'])
      .default('leave')
      .meta({
        title: 'Departments',
        description:
          'match: the department of that very name is set; one that AEOS does not have is refused. leave: departments stay as they are.',
        examples: ['match'],
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
    fields: z
      .array(carrierField)
      .default([])
      .meta({
        title: 'Fields',
        description:
          'Further fields of carriers that are written, to carriers of those types that have them. Fields that are not listed are left alone.',
        examples: [
          [
            { field: 'PhoneNo', attr: 'phone' },
            { field: 'Language', value: 'en' },
          ],
        ],
      }),
    pins: z
      .boolean()
      .default(true)
      .meta({
        title: 'PINs',
        description: 'Whether PINs are set (verification type Pincode). false saves one request with each read.',
        examples: [false],
      }),
    photos: z
      .boolean()
      .default(false)
      .meta({
        title: 'Photos',
        description:
          "As a target: whether a carrier's photo is the one of the person, as a source names it. Photos that others added go. It takes one more request with each read that is no lock-out.",
        examples: [true],
      }),
    entrance_schedule: id.optional().meta({
      title: 'Schedule for entrances',
      description:
        'Id of a day/time schedule. With it entrances and groups of entrances can be granted besides templates, each with this schedule.',
      examples: ['1'],
    }),
    template_filter: z
      .enum(['without-pictures', 'always', 'never'])
      .default('without-pictures')
      .meta({
        title: 'Who holds a template',
        description:
          'Whether a sweep asks for the holders of each template (versions from August 2024 on). The answers bring the pictures of these people along, in pages of 100. without-pictures: no more once a picture came.',
        examples: ['always'],
      }),
    people,
    events,
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
        examples: ['2099-01-01'],
      }),
  })
  .refine((value) => value.ca === undefined || value.fingerprint256 === undefined, {
    error: 'give either ca or fingerprint256',
    path: ['fingerprint256'],
  })
  .superRefine(({ carrier, carriers, fields }, found) => {
    const types = [carrier, ...Object.values(carriers)]
    for (const [at, { field }] of fields.entries()) {
      const says = (message: string) => found.addIssue({ code: 'custom', message, path: ['fields', at, 'field'] })
      if (!types.some((type) => isOf(field, type)))
        says(`only ${whoHas(field)} have ${field}, and neither carrier nor carriers makes anybody one`)
      if (fields.findIndex((each) => each.field === field) < at) says(`${field} is listed twice`)
    }
  })

type Parsed = z.output<typeof settings>
/** Whole, as a target has them. */
export type Settings = Parsed & { readonly block_reasons: NonNullable<Parsed['block_reasons']> }
export type CarrierType = Settings['carrier']

/** No reason of AEOS has this id. */
const noReason = '0'

/** Whether people are read of it, and nothing is written. */
export function isSource({ block_reasons }: Settings): boolean {
  return block_reasons.carrier === noReason
}

/** A source blocks nobody, and may have no reasons; a target without them is refused before it is connected. */
export function whole(parsed: Parsed): Settings {
  return { ...parsed, block_reasons: parsed.block_reasons ?? { carrier: noReason, token: noReason } }
}
