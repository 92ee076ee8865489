/** What the configuration file may say, key by key: the one source for checks, defaults, editor help and documentation.
 * One file because the whole shape of the configuration is read, and described, in one place. */
import { z } from 'zod'
import { facilityFormats, manyFieldFormats, numberFormats } from '../src/model/cards/layouts.ts'
import { type DriftChoice, driftKinds } from '../src/model/drift.ts'
import type { SourceFieldName } from '../src/model/source-record.ts'
import { isZoneName } from '../src/model/zone.ts'
import { referenceText } from './reference.ts'
import { attendance } from './schema-attendance.ts'
import { events, sourceEvents, targetEvents } from './schema-events.ts'
import { targetGuard } from './schema-guard.ts'
import { concurrency, connector, duration, expression, id, requestsPerSecond, settings } from './schema-parts.ts'
import { subscription } from './schema-subscriptions.ts'

// `takes` says in a word what a text is, for the page of settings: the type alone does not.
const path = z.string().min(1).max(4096).meta({ takes: 'path' })

const dayMs = 86_400_000

const zone = z
  .string()
  .refine(isZoneName, 'expected a time zone by its IANA name, such as Europe/Berlin')
  .meta({ takes: 'time zone' })

const pem = z.string().startsWith('-----BEGIN CERTIFICATE-----').meta({ takes: 'PEM' })

const gateway = z
  .strictObject({
    name: id.default('gatehouse').meta({
      title: 'Name',
      description: 'Names this gateway in logs, metrics and the console.',
      examples: ['hq'],
    }),
    data: path.default('./.gatehouse').meta({
      title: 'Data folder',
      description: 'Where the embedded database and the journals live. Relative to this file.',
      examples: ['/var/lib/gatehouse'],
    }),
    zone: zone.default('UTC').meta({
      title: 'Time zone',
      description: 'For dates of sources and sites that name no zone of their own.',
      examples: ['Europe/Berlin'],
    }),
  })
  .prefault({})
  .meta({ title: 'Gateway', description: 'This installation.' })

const listen = z.string().transform((text, context) => {
  const [, host, port] = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text) ?? []
  if (host !== undefined && Number(port) <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  context.addIssue('expected address and port, such as 127.0.0.1:7400 or [::1]:7400')
  return z.NEVER
})

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/

const http = z
  .strictObject({
    listen: listen.prefault('127.0.0.1:7400').meta({
      title: 'Address',
      description: 'Address and port to listen on. Anything but this machine needs tls or behind_proxy.',
      examples: ['127.0.0.1:7400', '[::1]:7400'],
    }),
    tls: z
      .strictObject({
        cert: path.meta({
          title: 'Certificate',
          description: 'PEM file with the certificate and its chain. Relative to this file.',
          examples: ['/etc/gatehouse/tls/cert.pem'],
        }),
        key: path.meta({
          title: 'Key',
          description: 'PEM file with the private key. Relative to this file.',
          examples: ['/etc/gatehouse/tls/key.pem'],
        }),
      })
      .optional()
      .meta({ title: 'TLS', description: 'Files for https.' }),
    behind_proxy: z
      .boolean()
      .default(false)
      .meta({
        title: 'Behind a proxy',
        description: 'A reverse proxy in front speaks https, and nobody else reaches the address above.',
        examples: [true],
      }),
  })
  .refine((value) => loopback.test(value.listen.host) || value.tls !== undefined || value.behind_proxy, {
    error: 'expected an address of this machine, or tls, or behind_proxy: true: others could read along',
    path: ['listen'],
  })
  .prefault({})
  .meta({ title: 'HTTP', description: 'API and console.' })

const urlOf = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), {
    error: `expected an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

const keys = z
  .strictObject({
    key_file: path.optional().meta({
      title: 'External key: file',
      description:
        'File with the external key, readable by this user alone. Relative to this file. Default: keys/external.key in the data folder; better on other storage.',
      examples: ['/run/keys/gatehouse.key'],
    }),
    credential: z
      .string()
      .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}$/, 'expected the name of a systemd credential, without a path')
      .optional()
      .meta({
        title: 'External key: systemd credential',
        description: 'Name given in LoadCredential= or LoadCredentialEncrypted= of the unit.',
        examples: ['gatehouse-key'],
      }),
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not the key itself')
      .optional()
      .meta({
        title: 'External key: environment',
        description: 'Name of the variable. Warned about: environments are easily shown.',
        examples: ['GATEHOUSE_KEY'],
      }),
    keyring: path.optional().meta({
      title: 'Keyring',
      description:
        'The encrypted keyring file. Relative to this file. Default: keys/keyring.json in the data folder. Never in the backups of the database.',
      examples: ['/var/lib/gatehouse/keys/keyring.json'],
    }),
    backup_horizon: duration.prefault('35d').meta({
      title: 'Backup horizon',
      description:
        'How long backups of the database are kept. Keys that only backups still need are destroyed this much later: older backups can not be opened any more, nor can erased people in them.',
      examples: ['35d', '90d'],
    }),
  })
  .refine((value) => [value.key_file, value.credential, value.env].filter((each) => each !== undefined).length <= 1, {
    error: 'expected only one of key_file, credential and env',
  })
  .prefault({})
  .meta({ title: 'Keys', description: 'Where the external key and the keyring are.' })

const cardState = expression.exactOptional().meta({
  title: 'State',
  description: 'Gives issued, active, suspended, lost or returned. Without it a card is active.',
  examples: ['row.lost == "Y" ? "lost" : "active"'],
})

const card = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.enum(facilityFormats).meta({
      title: 'Format',
      description:
        'A format with a facility code: H10301 is 26-bit Wiegand. Never guessed: ask the site which its cards have.',
      examples: ['H10301'],
    }),
    facility: expression.meta({
      title: 'Facility',
      description: 'Facility code, or the company of a Corporate 1000 card.',
      examples: ['row.facility'],
    }),
    number: expression.meta({ title: 'Number', description: 'Card number.', examples: ['row.card'] }),
    state: cardState,
  }),
  z.strictObject({
    format: z.enum(numberFormats).meta({
      title: 'Format',
      description:
        'A format of one number: H10302 has 37 bits, CSN34 is a serial number of 4 bytes in a frame of 34 bits.',
      examples: ['H10302'],
    }),
    number: expression.meta({ title: 'Number', description: 'Card number.', examples: ['row.card'] }),
    state: cardState,
  }),
  z.strictObject({
    format: z.enum(manyFieldFormats).meta({
      title: 'Format',
      description: 'A card of the United States government, by its 75 or 200 bits.',
      examples: ['PIV75'],
    }),
    bits: expression.meta({
      title: 'Bits',
      description: 'All bits in hex, parity included, with the last bit on the right.',
      examples: ['row.bits'],
    }),
    state: cardState,
  }),
  z.strictObject({
    format: z.literal('CSN').meta({ title: 'Format', description: 'Chip serial number.', examples: ['CSN'] }),
    uid: expression.meta({ title: 'Serial number', description: '4 to 10 bytes in hex.', examples: ['row.uid'] }),
    byte_order: z
      .enum(['as-read', 'reversed'])
      .exactOptional()
      .meta({
        title: 'Byte order',
        description: 'Reversed: this source writes the last byte of the chip first. As the chip gives it, if left out.',
        examples: ['reversed'],
      }),
    decimal_bytes: z
      .literal([4, 5, 7, 8, 10])
      .exactOptional()
      .meta({
        title: 'Decimal',
        description: 'This source writes serial numbers as decimals, of chips with so many bytes. In hex, if left out.',
        examples: [4],
      }),
    state: cardState,
  }),
  z.strictObject({
    format: z.literal('list').meta({
      title: 'Format',
      description: 'All cards of the person in one cell: sources that give any number of them, such as aeos.',
      examples: ['list'],
    }),
    cards: expression.meta({
      title: 'Cards',
      description: 'A card on each line, such as H10301:17:4711, and behind a blank its state where it is not active.',
      examples: ['row.cards'],
    }),
  }),
])

/** For each field what its expression gives, and one that does. */
const fieldWords: Readonly<Record<SourceFieldName, readonly [description: string, example: string]>> = {
  kind: ['Gives employee, contingent, intern, visitor or other.', 'row.type == "C" ? "contingent" : "employee"'],
  employeeNumber: [
    'The number of the human at the employer: it joins records of several sources, and is the user id at many targets.',
    'row.employee_number',
  ],
  email: ['An e-mail address.', 'lower(row.mail)'],
  givenName: ['Given name.', 'row.given_name'],
  familyName: ['Family name.', 'row.family_name'],
  preferredName: ['What they are called, if not by their given name.', 'row.known_as'],
  title: ['Job title.', 'row.title'],
  department: ['Department.', 'row.department'],
  company: ['Who employs them, where that is not always the same.', 'row.vendor'],
  site: ['Where they work; sites gives its time zone.', 'row.site'],
  zone: ['Time zone of the dates by its IANA name, where the site has none.', 'row.time_zone'],
  start: ['First day with access, as YYYY-MM-DD.', 'date(row.start, "dd.MM.yyyy")'],
  end: ['Last day of the employment, as YYYY-MM-DD; access lasts to its midnight.', 'date(row.end, "dd.MM.yyyy")'],
  lastWorkingDay: ['Last day of work: access ends with the earlier of both.', 'row.last_day'],
  left: ['Gives true for an employment that has ended, whatever its dates.', 'row.status == "terminated"'],
  suspended: ['Gives true while access rests: garden leave, a long absence.', 'row.status == "on leave"'],
  photo: [
    'Which picture of the person, as a source that reads pictures writes it into its column: a SHA-256, and how the source finds it.',
    'row.photo',
  ],
}

const expressionOf = ([description, example]: readonly [string, string]) =>
  expression.exactOptional().meta({ description, examples: [example] })
const fields = z.strictObject(
  Object.fromEntries(Object.entries(fieldWords).map(([name, words]) => [name, expressionOf(words)])) as Record<
    SourceFieldName,
    ReturnType<typeof expressionOf>
  >,
)

const mapping = z.strictObject({
  key: expression.meta({
    title: 'Key',
    description: "The source's own key of a record, which never changes and is never used again.",
    examples: ['row.worker_id'],
  }),
  person: expression.exactOptional().meta({
    title: 'Person',
    description: "The source's own key of the human, where one may have several records.",
    examples: ['row.person_id'],
  }),
  fields: fields.default({}).meta({
    title: 'Fields',
    description: 'What the source says about a record. A field that is left out is one that it does not speak of.',
    examples: [{ employeeNumber: 'row.employee_number', start: 'row.start' }],
  }),
  attrs: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'expected a name of letters, digits and _'), expression)
    .default({})
    .meta({
      title: 'Attributes',
      description:
        'More that rules may use, as employment.attrs.name, and that targets may write where their settings name it.',
      examples: [{ cost_center: 'row.cc' }],
    }),
  cards: z
    .array(card)
    .max(16)
    .exactOptional()
    .meta({
      title: 'Cards',
      description: 'Cards that a record speaks of. Left out: the source does not speak of cards at all.',
      examples: [[{ format: 'H10301', facility: 'row.facility', number: 'row.card' }]],
    }),
})

const brake = (min: number, percent: number, what: string, of: string, above: string) =>
  z
    .strictObject({
      min: z
        .int()
        .min(0)
        .default(min)
        .meta({
          title: 'Minimum',
          description: 'So many always pass, however small the site is.',
          examples: [min],
        }),
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(percent)
        .meta({
          title: 'Percent',
          description: `Of ${of}. The larger of both numbers counts.`,
          examples: [percent],
        }),
    })
    .prefault({})
    .meta({
      title: what,
      description: `Above the larger of ${min} and ${percent} % ${above}.`,
    })

/** Counted in accounts, for each pull and target. */
const changes = (min: number, percent: number, what: string) =>
  brake(
    min,
    percent,
    what,
    'the open accounts at the target',
    'none of these changes at that target runs without a release',
  )

export const brakes = z
  .strictObject({
    lockout_record: brake(
      50,
      10,
      'Lock-outs by record',
      'the active people of the source',
      'within an hour the source is suspect: more people whom its records call gone wait for a release',
    ),
    lockout_absence: changes(5, 2, 'Lock-outs by absence'),
    revoke: changes(20, 5, 'Revoked levels'),
    grant: changes(5, 20, 'Granted levels'),
    create: changes(5, 20, 'New accounts'),
    change: changes(5, 30, 'Other changes'),
    delete: changes(5, 2, 'Deleted accounts'),
    rows_lost: brake(
      20,
      10,
      'Rows lost',
      'the rows of the last complete delivery',
      'all that follows from a full delivery waits for a release, but for lock-outs by record',
    ),
    rows_changed: brake(
      100,
      30,
      'Rows changed',
      'the rows of the last complete delivery',
      'all that follows from a full delivery waits for a release, but for lock-outs by record',
    ),
  })
  .prefault({})
  .meta({
    title: 'Brakes',
    description:
      'How much one pull may cause without a person looking, by kind of change, and how far a source is trusted.',
  })

const source = z.strictObject({
  connector,
  zone: zone.optional().meta({
    title: 'Time zone',
    description: 'For dates of records whose site and fields name no zone. Default: that of the gateway.',
    examples: ['Europe/Berlin'],
  }),
  settings,
  concurrency,
  requests_per_second: requestsPerSecond,
  mapping: mapping.meta({ title: 'Mapping', description: 'CEL over row, the cells of a record by column.' }),
  expect_every: duration.optional().meta({
    title: 'Expected every',
    description: 'An alarm is raised when nothing was delivered for so long.',
    examples: ['26h'],
  }),
  absence: z
    .strictObject({
      confirm_after: duration.prefault('20h').meta({
        title: 'Confirm after',
        description: 'Who is missing counts as gone when a complete delivery at least so much later lacks them too.',
        examples: ['20h'],
      }),
    })
    .prefault({})
    .meta({ title: 'Absence', description: 'What it means that somebody is no longer delivered.' }),
  archive: z
    .strictObject({
      keep: duration
        .refine((ms) => ms >= 60_000, 'expected a minute or longer: leave archive out to keep nothing')
        .meta({
          title: 'Keep',
          description: 'So long after it was taken in, the key of a delivery is destroyed, and then its file.',
          examples: ['30d'],
        }),
    })
    .optional()
    .meta({
      title: 'Archive',
      description:
        'Keeps what was delivered, as it came, sealed under a key for each delivery. Left out: a keyed hash and counts are all that remains.',
      examples: [{ keep: '30d' }],
    }),
  events: sourceEvents.exactOptional(),
  brakes,
})

const profileField = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_ ]{0,63}$/, 'expected the name of a profile field of the target')
const fieldsOf = (example: string, title: string, description: string, field: z.ZodType<string> = profileField) =>
  z
    .array(field)
    .optional()
    .meta({ title, description: `${description} Default: what the connector says.`, examples: [[example]] })

const match = z
  .strictObject({
    employee_number: fieldsOf(
      'account-id',
      'Employee number',
      'Where an account shows it: account-id, or profile fields of the target. Empty: nowhere.',
      z.union([z.literal('account-id'), profileField]),
    ),
    email: fieldsOf('email', 'E-mail', 'Profile fields that hold an e-mail address. Empty: none.'),
    name: fieldsOf('name', 'Name', 'Profile fields that hold a name, the first that is filled counts. Empty: none.'),
    card: z
      .boolean()
      .default(true)
      .meta({ title: 'Cards', description: 'Whether a card tells whose an account is.', examples: [true] }),
    name_and_date: z
      .boolean()
      .default(true)
      .meta({
        title: 'Name and date',
        description:
          'Whether the day on which an account begins tells which of several people of its name it is of, or which of several accounts: the first day of an employment, by the clock of the target. It never makes anybody certain.',
        examples: [false],
      }),
    leading_zeros: z
      .enum(['tell', 'ignore'])
      .default('tell')
      .meta({
        title: 'Leading zeros',
        description:
          'ignore: an account that shows 4711 is found by the employee number 004711 too. tell: these are two numbers.',
        examples: ['ignore'],
      }),
  })
  .prefault({})
  .meta({ title: 'Match', description: 'By what `gatehouse match` recognises whose an existing account is.' })

const choiceWords: Readonly<Record<DriftChoice, string>> = {
  report: 'reported',
  revert: 'made as desired again',
  accept: 'taken for known',
}

/** One kind of change by hand; what makes no sense for it is refused, with the reason. */
function driftKind<const May extends readonly [DriftChoice, ...DriftChoice[]]>(
  title: string,
  { may, what, because }: { readonly may: May; readonly what: string; readonly because?: string },
) {
  const reason = because === undefined ? '' : `: ${because}`
  return z
    .enum(may, { error: `expected ${may.join(' or ')}${reason}` })
    .default(may[0])
    .meta({
      title,
      description: `${what} ${may.map((choice) => `${choice}: ${choiceWords[choice]}`).join('; ')}.`,
      examples: [may.at(-1)],
    })
}

const driftPolicy = z
  .strictObject({
    level_added: driftKind('Level added', driftKinds.level_added),
    level_removed: driftKind('Level removed', driftKinds.level_removed),
    blocked: driftKind('Blocked', driftKinds.blocked),
    unblocked: driftKind('Unblocked', driftKinds.unblocked),
    card_added: driftKind('Card added', driftKinds.card_added),
    card_removed: driftKind('Card removed', driftKinds.card_removed),
    profile_changed: driftKind('Profile changed', driftKinds.profile_changed),
    validity_changed: driftKind('Validity changed', driftKinds.validity_changed),
    account_missing: driftKind('Account missing', driftKinds.account_missing),
    unknown_account: driftKind('Unknown account', driftKinds.unknown_account),
  })
  .prefault({})
  .meta({
    title: 'Drift',
    description:
      'What is done about each kind of change behind our back. Nothing but lock-outs is mended while the target is observed, paused, frozen or restored?, and never more accounts than the larger of 5 and 1 % within a day.',
  })

const target = z.strictObject({
  connector,
  mode: z
    .enum(['observe', 'enabled'])
    .default('observe')
    .meta({
      title: 'Mode',
      description:
        'observe: nothing is written before somebody says `gatehouse enable`. enabled: written to from the first start; for a target without accounts.',
      examples: ['observe'],
    }),
  settings,
  concurrency,
  requests_per_second: requestsPerSecond,
  match,
  sweep_every: duration
    .refine((ms) => ms >= 60_000, 'expected a minute or longer')
    .prefault('15m')
    .meta({
      title: 'Sweep every',
      description:
        'How often all accounts are looked through for what changed behind our back. drift says what is done about it.',
      examples: ['15m'],
    }),
  deep_sweep_every: duration
    .refine((ms) => ms >= 600_000, 'expected ten minutes or longer')
    .prefault('1d')
    .meta({
      title: 'Deep sweep every',
      description:
        'Each account is read singly once in this time, one after the other, spread over nine tenths of it: for what no list tells.',
      examples: ['1d'],
    }),
  deep_sweep_share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.25)
    .meta({
      title: 'Share of deep sweeps',
      description:
        'Of requests_per_second, what these single reads may use at most. When that is too little, an alarm says so.',
      examples: [0.25],
    }),
  drift: driftPolicy,
  authoritative: z
    .array(z.string().min(1).max(256))
    .default([])
    .meta({
      title: 'Authoritative for',
      description:
        'Access levels of this target, by name, that nobody but Gatehouse gives: one that no rule hands out may be taken away by drift only if it is here.',
      examples: [['Vault']],
    }),
  events: targetEvents.exactOptional(),
  guard: targetGuard,
})

const rule = z.strictObject({
  grant: z
    .array(
      z.string().regex(/^[a-z0-9-]{1,32}\/\S(.{0,254}\S)?$/, 'expected target/access level, such as hq/Main entrance'),
    )
    .min(1)
    .meta({
      title: 'Grant',
      description: 'Access levels as target/name.',
      examples: [['hq/Main entrance']],
    }),
  to: expression.meta({
    title: 'To',
    description: 'CEL over person and employment; true for those who get them.',
    examples: ['employment.department == "Research" && person.kind == "employee"'],
  }),
})

const endpoint = z.string().refine((text) => {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname.replace(/^\[|\]$/g, '')))
}, 'expected an https:// address without user and query; http:// is for this machine only')

const telemetry = z
  .strictObject({
    traces: z
      .strictObject({
        endpoint: endpoint.meta({
          title: 'Endpoint',
          description: 'OTLP over HTTP, in JSON. Without a path, /v1/traces is added.',
          examples: ['http://127.0.0.1:4318', 'https://otel.example.org/v1/traces'],
        }),
        headers: z
          .record(
            z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'expected the name of a header'),
            z
              .string()
              .max(8192)
              .regex(/^[\x20-\x7e]+$/, 'expected printable ASCII')
              .meta({ secret: true }),
          )
          .default({})
          .meta({
            title: 'Headers',
            description: 'Sent with every request, for collectors that want to know who calls.',
            examples: [{ authorization: referenceText('env', 'OTLP_AUTHORIZATION') }],
          }),
        ca: pem.optional().meta({
          title: 'Certificate authority',
          description: "PEM of the authority that signed the collector's certificate. Default: those of the system.",
          examples: [referenceText('file', '/etc/gatehouse/otel-ca.pem')],
        }),
        bulk_share: z
          .number()
          .min(0)
          .max(1)
          .default(1)
          .meta({
            title: 'Share of bulk work',
            description: 'Of accounts written in bulk, so many are traced. Pulls and lock-outs always are.',
            examples: [0.01],
          }),
      })
      .optional()
      .meta({
        title: 'Traces',
        description:
          'OpenTelemetry. Left out: none. Spans hold ids of sources and targets, codes, counts and times; nothing about a person.',
      }),
  })
  .prefault({})
  .meta({ title: 'Telemetry', description: 'What leaves this gateway about its own work.' })
const webhook = z
  .strictObject({
    url: urlOf(['https:', 'http:'])
      .refine((text) => {
        const url = URL.parse(text)
        return url === null || (url.username === '' && url.password === '' && url.hash === '')
      }, 'expected an address without user, password and fragment')
      .refine((text) => {
        const url = URL.parse(text)
        return url?.protocol !== 'http:' || loopback.test(url.hostname.replace(/^\[|\]$/g, ''))
      }, 'expected https: anything else is for this machine only')
      .meta({
        title: 'Address',
        description:
          'Where alarms are sent, by POST. An address inside your network needs allow_private, unless it is written as a number.',
        examples: ['https://oncall.example.org/gatehouse'],
      }),
    secret: z
      .string()
      .refine((text) => /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(text), 'expected whsec_ and 24 to 64 bytes in base64')
      .meta({
        title: 'Secret',
        description: 'What messages are signed with (Standard Webhooks): whsec_ and 24 to 64 random bytes in base64.',
        examples: [referenceText('env', 'ALARM_SECRET')],
        secret: true,
      }),
    ca: pem.optional().meta({
      title: 'Certificate authority',
      description: 'PEM of the authority that signed the certificate of the receiver.',
      examples: [referenceText('file', '/etc/gatehouse/oncall-ca.pem')],
    }),
    fingerprint256: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, 'expected 64 hex digits, with or without colons')
      .optional()
      .meta({
        title: 'Certificate fingerprint',
        description: "SHA-256 of the receiver's own certificate, in place of an authority.",
        examples: ['ab'.repeat(32)],
      }),
    allow_private: z
      .boolean()
      .default(false)
      .meta({
        title: 'Inside the network',
        description: 'The name may lead to a private address.',
        examples: [true],
      }),
  })
  .refine((value) => value.ca === undefined || value.fingerprint256 === undefined, {
    error: 'give either ca or fingerprint256',
    path: ['fingerprint256'],
  })

/** The whole file. Its input is what people write; its output has defaults, durations in ms and addresses taken apart. */
export const configFile = z.strictObject({
  gateway,
  http,
  database_url: urlOf(['postgres:', 'postgresql:'])
    .optional()
    .meta({
      title: 'Database',
      description: 'PostgreSQL. Default: the variable DATABASE_URL; without it, the embedded server is used.',
      examples: [referenceText('env', 'DATABASE_URL')],
      secret: true,
    }),
  redis_url: urlOf(['redis:', 'rediss:'])
    .optional()
    .meta({
      title: 'Redis',
      description: 'Redis for wake-ups. Default: the variable REDIS_URL; without it, they go through PostgreSQL.',
      examples: [referenceText('env', 'REDIS_URL')],
      secret: true,
    }),
  keys,
  sites: z
    .record(
      z.string().min(1).max(200),
      z.strictObject({
        zone: zone.meta({ title: 'Time zone', description: 'Of this site.', examples: ['Europe/Berlin'] }),
      }),
    )
    .default({})
    .meta({
      title: 'Sites',
      description: 'Sites by the name that sources give them.',
      examples: [{ Berlin: { zone: 'Europe/Berlin' } }],
    }),
  sources: z.record(id, source).default({}).meta({ title: 'Sources', description: 'Where people are read from.' }),
  targets: z.record(id, target).default({}).meta({ title: 'Targets', description: 'Where accounts are written to.' }),
  subscriptions: z
    .record(id, subscription)
    .default({})
    .meta({ title: 'Subscriptions', description: 'Where events are delivered to.' }),
  attendance,
  policy: z.array(rule).default([]).meta({
    title: 'Policy',
    description: 'Who gets what. All rules that hold for an active employment unite.',
  }),
  alarms: z
    .strictObject({
      webhook: webhook.optional().meta({
        title: 'Webhook',
        description:
          'Who is told of every alarm, once when it comes and once when it goes. Left out: the log and the figures alone.',
      }),
    })
    .prefault({})
    .meta({ title: 'Alarms', description: 'Who is told that a person must look.' }),
  events,
  leaver: z
    .strictObject({
      remove_after: duration.prefault('7d').meta({
        title: 'Remove after',
        description: 'So long after a lock-out the access levels are taken away as well; until then it can be undone.',
        examples: ['7d'],
      }),
      withdraw_after: duration.optional().meta({
        title: 'Withdraw after',
        description:
          'So long after a lock-out the cards are taken off the account; until then they are blocked there. Default: as `remove_after`.',
        examples: ['30d'],
      }),
      delete_after: duration.optional().meta({
        title: 'Delete after',
        description:
          'So long after a lock-out the account itself is deleted, if Gatehouse made it or took it over. Not before the levels and the cards are off. Left out: never.',
        examples: ['365d'],
      }),
    })
    .superRefine(({ remove_after, withdraw_after = remove_after, delete_after }, context) => {
      if (delete_after === undefined) return
      const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['delete_after'], message })
      if (delete_after < remove_after) refuse('expected no less than remove_after: the account goes last')
      else if (delete_after < withdraw_after) refuse('expected no less than withdraw_after: the account goes last')
      else if (delete_after < dayMs)
        refuse('expected a day at least: whoever left by mistake is let in again until then')
    })
    .prefault({})
    .meta({ title: 'Leavers', description: 'People whose last employment ended.' }),
  joiner: z
    .strictObject({
      lead: duration.prefault('0d').meta({
        title: 'Lead',
        description: 'So long before the first day the account is made, closed until that day.',
        examples: ['3d'],
      }),
    })
    .prefault({})
    .meta({ title: 'Joiners', description: 'People whose first day lies ahead.' }),
  grants: z
    .strictObject({
      longest: duration.prefault('366d').meta({
        title: 'Longest',
        description:
          'An individual grant ends after so long at most, unless it is given without an end in so many words.',
        examples: ['366d'],
      }),
    })
    .prefault({})
    .meta({ title: 'Individual grants', description: 'Rights that operators give by name.' }),
  pins: z
    .strictObject({
      length: z
        .int()
        .min(4)
        .max(16)
        .default(6)
        .meta({ title: 'Length', description: 'How many digits a PIN has.', examples: [6] }),
    })
    .prefault({})
    .meta({ title: 'PINs', description: 'PINs that operators issue.' }),
  telemetry,
})

export type ConfigFile = z.output<typeof configFile>
