/** The settings of one BioStar 2 or BioStar X server: where it is, how to log in, and how people and cards are written there. */
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

export const settings = z
  .strictObject({
    url: address.meta({
      title: 'Address',
      description: 'Address of the server, without /api. Plain http is accepted for this machine only.',
      examples: ['https://biostar.example.org', 'https://10.20.0.5:9443'],
    }),
    ca: z
      .string()
      .startsWith('-----BEGIN CERTIFICATE-----')
      .optional()
      .meta({
        title: 'Certificate authority',
        description: 'PEM of the authority that signed the certificate of the server.',
        takes: 'PEM',
        examples: [`\${file:/etc/gatehouse/biostar-ca.pem}`],
      }),
    fingerprint256: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, { error: 'expected 64 hex digits, with or without colons' })
      .optional()
      .meta({
        title: 'Certificate fingerprint',
        description:
          'SHA-256 of the certificate of the server. Fits the self-signed certificate of a fresh installation, whose names rarely match.',
        examples: ['02C6399DD4206AA1C893C9E33BF72896B9BEB0B49B047A271183FAEA7EC217F2'],
      }),
    login_id: z
      .string()
      .min(1)
      .meta({
        title: 'Login id',
        description:
          'A login of its own for the gateway: a custom operator level for users and access control, multi-factor login off.',
        examples: ['gatehouse'],
      }),
    password: z
      .string()
      .min(1)
      .meta({
        title: 'Password',
        description: 'As a reference to a secret.',
        examples: [`\${file:/etc/gatehouse/biostar}`],
        secret: true,
      }),
    user_id: z
      .enum(['employee-number'])
      .default('employee-number')
      .meta({
        title: 'User id',
        description: 'The fact about a person that becomes the user id. It can not be changed later.',
        examples: ['employee-number'],
      }),
    user_id_format: z
      .enum(['numeric', 'alphanumeric'])
      .default('numeric')
      .meta({
        title: 'User id format',
        description:
          'As set on the server. Numeric: 1 to 4294967294, leading zeros are dropped. Alphanumeric: up to 32 letters, digits, - and _. `gatehouse check` compares.',
        examples: ['alphanumeric'],
      }),
    user_group: z
      .int()
      .min(1)
      .default(1)
      .meta({
        title: 'User group',
        description: 'Id of the group that new users are put into. Existing users stay where they are.',
        examples: [1002],
      }),
    name: z
      .enum(['given-family', 'family-given'])
      .default('given-family')
      .meta({
        title: 'Name',
        description: 'How given (or preferred) and family name are joined.',
        examples: ['family-given'],
      }),
    name_replacement: z
      .enum(['', ' ', '-', '.', '_'])
      .default(' ')
      .meta({
        title: 'Replacement',
        description: 'What is written instead of a character that the server refuses, such as an apostrophe.',
        examples: ['-'],
      }),
    unbounded_until: z.iso
      .date()
      .refine((date) => date > '2001-01-01' && date <= '2037-12-31', { error: 'expected a date up to 2037-12-31' })
      .default('2037-12-31')
      .meta({
        title: 'Unbounded validity',
        description: 'Last day written for somebody without an end. The server requires one, 2037-12-31 at the latest.',
        examples: ['2035-12-31'],
      }),
    server_zone: z
      .string()
      .refine(isZoneName, { error: 'expected a time zone by its IANA name, such as Europe/Berlin' })
      .default('UTC')
      .meta({
        takes: 'time zone',
        title: 'Time zone of the server',
        description:
          'The zone that the server means by the dates of a start and an end. No document says: try one account on site. Freeze the target before you change it, since every known date reads as another from then on.',
        examples: ['Europe/Berlin'],
      }),
    server_clock_zone: z
      .string()
      .refine(isZoneName, { error: 'expected a time zone by its IANA name, such as Europe/Berlin' })
      .optional()
      .meta({
        takes: 'time zone',
        title: 'Time zone of the server clock',
        description:
          'The zone of the clock by which the server notes when it wrote an event down. Without it, that time is kept as the server wrote it, and counts as not told.',
        examples: ['Europe/Berlin'],
      }),
    soft_antipassback: z
      .enum(['let-in', 'refused'])
      .default('let-in')
      .meta({
        title: 'Soft anti-passback',
        description:
          'What the events 6408 and 6409 say on this site: the documents of the vendor disagree. Try it at one door, where a rule of that kind is broken.',
        examples: ['refused'],
      }),
    photos: z
      .boolean()
      .default(false)
      .meta({
        title: 'Photos',
        description:
          "Whether a user's profile photo is the one of the person, as a source names it. It is no face that a reader compares with.",
        examples: [true],
      }),
    csn_byte_order: z
      .enum(['as-read', 'reversed'])
      .default('as-read')
      .meta({
        title: 'Byte order of chip serial numbers',
        description:
          'Whether the readers give the bytes of a serial number to the server in the order of the chip, or reversed.',
        examples: ['reversed'],
      }),
  })
  .refine((value) => value.ca === undefined || value.fingerprint256 === undefined, {
    error: 'give either ca or fingerprint256',
    path: ['fingerprint256'],
  })

export type Settings = z.output<typeof settings>
