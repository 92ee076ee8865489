/** Events: who went where, who reports it, and what types there are. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import type { EventView } from '../../api/acts/events.ts'
import { pageOf } from '../../api/route.ts'
import { eventSourceView, eventView } from '../../api/schemas/events.ts'
import type { CodeMeaning } from '../../model/events/code-meaning.ts'
import { type EventTypeLine, eventTypeLines } from '../../model/events/type-lines.ts'
import { classOf, type EventType, eventClasses, eventTypes } from '../../model/events/types.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { type FollowOptions, followEvents, placeOf } from '../follow-events.ts'
import { describeList, type PageOptions, tellMore } from '../page.ts'
import { plain, plainTime } from '../plain.ts'
import { formatTable, paint } from '../table.ts'
import { dayTimeOrAgo } from '../times.ts'

export function eventsCommand(context: Context): Command {
  return describe('events', 'What door systems report: who went where, what doors did, and who reports it', [
    'gatehouse events list --person E-10017 --from 2026-03-01',
    'gatehouse events list --unknown-cards --follow',
    'gatehouse events sources',
    'gatehouse events types',
  ])
    .addCommand(listCommand(context))
    .addCommand(sourcesCommand(context))
    .addCommand(typesCommand(context))
}

interface ListOptions extends PageOptions, FollowOptions {
  readonly follow?: boolean
}

function listCommand(context: Context): Command {
  const { terminal } = context
  return describeList('list', 'List events, the newest first; for the role security, and recorded', [
    'gatehouse events list --class alarm',
    'gatehouse events list --person E-10017 --from 2026-03-01 --to 2026-03-08',
    'gatehouse events list --door hq/17 --type access.denied.no_permission --json',
    'gatehouse events list --card H10301:7:4711',
    'gatehouse events list --unknown-cards --follow',
    'gatehouse events list --class alarm --reason "the alarm of last night"',
  ])
    .option('--person <who>', 'by employee number, card or id')
    .option('--card <card>', 'H10301:facility:number or CSN:hex, whoever showed it')
    .option('--door <target/id>', 'as the column WHERE begins: by the id that the system gives it')
    .option('--source <target>', 'only what this target reported')
    .option('--type <type>', 'such as access.denied.no_permission: gatehouse events types lists them', toType)
    .addOption(new Option('--class <class>', 'all types of a class').choices([...eventClasses]))
    .option('--unknown-cards', "only cards that are nobody's")
    .option(
      '--from <time>',
      'happened then or later: a day (UTC), a time such as 2026-03-01T08:00:00Z, or so long ago (2h, 3d)',
    )
    .option('--to <time>', 'happened before, likewise')
    .option('--follow', 'what comes from now on, until interrupted: without --from, --to and --after')
    .option('--reason <text>', 'of an admin, who has no such right: why; it goes into the audit trail')
    .action((options: ListOptions) =>
      withClient(context, options, async (client) => {
        if (options.follow === true) return followEvents(context, client, options)
        const page = await client.post('/v1/events/find', queryOf(options), foundShape)
        show(context, options, page, ({ rows }) => formatEvents(rows, terminal.colours))
        if (page.erased > 0) terminal.err(`${page.erased} more of people who were erased: they open no more\n`)
        tellMore(context, page.next)
      }),
    )
}

const foundShape = pageOf(eventView).extend({ erased: z.int() })

function queryOf({ source, person, card, door, type, unknownCards, from, to, limit, after, ...more }: ListOptions) {
  return {
    ...{ source, person, card, door, type, unknownCards, after, class: more.class, reason: more.reason },
    ...spanOf(from, to),
    limit: Number(limit),
  }
}

/** A span in which nothing can lie would be answered like one in which nothing happened. */
function spanOf(given: string | undefined, until: string | undefined) {
  const from = given === undefined ? undefined : dayTimeOrAgo('--from', given)
  const to = until === undefined ? undefined : dayTimeOrAgo('--to', until)
  if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
    throw new CliError(exitCodes.usage, '--from is the earlier one: --to must be after it')
  return { from, to }
}

function toType(text: string): string {
  if (eventTypes.some((type) => type === text)) return text
  const near = eventTypes.filter((type) => type.startsWith(`${text}.`))
  const which = near.length === 0 ? 'gatehouse events types lists them' : `there are ${near.join(', ')}`
  throw new InvalidArgumentError(`It is no type of event: ${which}.`)
}

function formatEvents(rows: readonly EventView[], colours: boolean): string {
  return formatTable(
    [
      { title: 'when', of: ({ at, approximate }) => `${approximate ? '~' : ''}${plainTime(at)}` },
      { title: 'what', of: ({ type }) => type },
      {
        title: 'where',
        of: placeOf,
      },
      { title: 'who', of: ({ person, account, card, cardNumber }) => person ?? account ?? card ?? cardNumber },
      { title: 'code', of: ({ vendor }) => vendor.name ?? vendor.code },
    ],
    rows,
    colours,
  )
}

function sourcesCommand(context: Context): Command {
  return describeCall('sources', 'Who reports events: how many, when heard last, and how wrong the clocks are', [
    'gatehouse events sources',
    'gatehouse events sources --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const { sources } = await client.get('/v1/events/sources', z.object({ sources: z.array(eventSourceView) }))
      show(context, options, sources, (rows) =>
        formatTable(
          [
            { title: 'source', of: ({ source }) => source },
            { title: 'read', of: ({ read }) => (read ? 'yes' : 'no') },
            { title: 'events', of: ({ events }) => events, right: true },
            { title: 'heard', of: ({ heardAt }) => plainTime(heardAt) },
            { title: 'last event', of: ({ receivedAt }) => plainTime(receivedAt) },
            { title: 'devices', of: ({ clocks }) => ahead(clocks.devices), right: true },
            { title: 'furthest', of: ({ clocks }) => ahead(clocks.furthest), right: true },
            { title: 'system', of: ({ clocks }) => ahead(clocks.system), right: true },
            { title: 'malformed', of: ({ malformed }) => malformed, right: true },
          ],
          rows,
          context.terminal.colours,
        ),
      )
    }),
  )
}

/** Of a clock. */
function ahead(ms: number | null): string | null {
  return ms === null ? null : `${ms > 0 ? '+' : ''}${(ms / 1_000).toFixed(1)} s`
}

interface TypesOptions {
  readonly class?: string
  readonly system?: string
  readonly json?: boolean
}

function typesCommand(context: Context): Command {
  const { terminal } = context
  return describe('types', 'List the types of events, or what the codes of a system become', [
    'gatehouse events types',
    'gatehouse events types --class alarm',
    'gatehouse events types --system biostar2',
    'gatehouse events types --system onvif --json',
  ])
    .addOption(new Option('--class <class>', 'only those of a class').choices([...eventClasses]))
    .option('--system <system>', 'its codes, and what each becomes: aeos, biostar2 or onvif')
    .option('--json', 'print JSON')
    .action(async (options: TypesOptions) => {
      const isAsked = ({ type }: { readonly type: EventType }) =>
        options.class === undefined || options.class === classOf(type)
      if (options.system !== undefined) {
        const codes = (await codesOf(context, options.system)).filter(isAsked)
        return show(context, options, codes, (rows) => formatCodes(rows, terminal.colours))
      }
      show(context, options, eventTypeLines.filter(isAsked), (rows) => formatTypes(rows, terminal.colours))
    })
}

async function codesOf({ terminal }: Context, system: string): Promise<readonly CodeMeaning[]> {
  const { eventCodesOf, eventSystems } = await terminal.loadLocalGateway()
  const codes = eventCodesOf(system)
  if (codes !== undefined) return codes
  throw new CliError(exitCodes.usage, `--system: there are codes of ${eventSystems().join(', ')}`)
}

/** A block each: with topics beside it a table would be wider than any screen. */
function formatTypes(rows: readonly EventTypeLine[], colours: boolean): string {
  return rows
    .map(({ type, class: of, severity, description, onvif }) =>
      [`${paint('bold', type, colours)}  ${of}, ${severity}`, description, ...onvif].join('\n    '),
    )
    .map((block) => `${block}\n`)
    .join('')
}

/** A note stands on a line of its own, below the row that it is about. */
function formatCodes(rows: readonly CodeMeaning[], colours: boolean): string {
  const isNamed = rows.some(({ name }) => name !== null)
  const table = formatTable<CodeMeaning>(
    [
      { title: 'code', of: ({ code, when }) => (when === null ? code : `${code} ${when}`) },
      ...(isNamed ? [{ title: 'name', of: ({ name }: CodeMeaning) => name }] : []),
      { title: 'becomes', of: ({ type, active }) => [type, ...(active === null ? [] : [begun(active)])].join(', ') },
    ],
    rows,
    colours,
  )
  const [head = '', ...lines] = table.split('\n')
  const noted = lines.flatMap((line, at) => {
    const note = rows[at]?.note ?? null
    return note === null ? [line] : [line, `    ${plain(note)}`]
  })
  return [head, ...noted].join('\n')
}

const begun = (active: boolean) => (active ? 'begins' : 'ends')
