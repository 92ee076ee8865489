/** What a source delivered, how far it is trusted, and a person's word about it. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { SourceView } from '../../api/acts/sources.ts'
import { sourceView } from '../../api/schemas/sources.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable } from '../table.ts'

export function sourceCommand(context: Context): Command {
  const showOne = describeCall(
    'show',
    'Show how far a source is trusted, its last deliveries, and the rows that could not be used',
    ['gatehouse source show hr', 'gatehouse source show hr --json'],
  )
    .argument('<source>', 'id of the source')
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const view = await client.get(`/v1/sources/${encodeURIComponent(id)}`, sourceView)
        show(context, options, view, (source) => formatSource(source, context.terminal.colours))
      }),
    )
  return describe('source', 'Sources of people: look at one, and say that it is right', [
    'gatehouse source show hr',
    'gatehouse source clear hr --reason "the site closes, checked with HR"',
    'gatehouse source accept hr --reason "HR added the column cost_center"',
  ])
    .addCommand(showOne)
    .addCommand(clearCommand(context))
    .addCommand(acceptCommand(context))
}

function clearCommand(context: Context): Command {
  return describeCall('clear', 'Say that a suspect source is right: the lock-outs that it held back run now', [
    'gatehouse source clear hr --reason "the site closes, checked with HR"',
  ])
    .argument('<source>', 'id of the source')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const path = `/v1/sources/${encodeURIComponent(id)}/clear`
        const request = client.post(path, { reason: options.reason }, z.object({ people: z.int() }))
        const cleared = await withProgress(context.terminal, 'locking out', request)
        show(context, options, cleared, ({ people }) => `cleared; ${counted(people, 'person', 'people')} locked out\n`)
      }),
    )
}

function acceptCommand(context: Context): Command {
  return describeCall('accept', 'Accept the columns of the delivery that waits: it is read within seconds', [
    'gatehouse source accept hr --reason "HR added the column cost_center"',
  ])
    .argument('<source>', 'id of the source')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/sources/${encodeURIComponent(id)}/accept`, { reason: options.reason })
        show(context, options, { source: id, state: 'accepted' }, () => 'accepted: it is read within seconds\n')
      }),
    )
}

/** What is wrong, and what a person can do about it; nothing when all is well. */
function formatStanding({ id, standing, deliveries }: SourceView): readonly string[] {
  const { forged, suspectSince, lockedOut, heldBack, braked, columnsMoved } = standing
  const say = (what: string, next: readonly string[]) => `${what}\n${next.map((line) => `  ${plain(line)}\n`).join('')}`
  const clear = `gatehouse source clear ${id} --reason "..."`
  const plans = 'gatehouse plan list --state held'
  const over = (what: string, of: { rows: number; limit: number } | null | undefined) =>
    of === null || of === undefined ? [] : [`${counted(of.rows, 'row')} ${what}, of ${of.limit} that may be`]
  return [
    ...(forged
      ? [say('What is stored about this source was changed outside Gatehouse: it is trusted with nothing.', [clear])]
      : []),
    ...(suspectSince === null
      ? []
      : [
          say(
            `Suspect since ${plainTime(suspectSince)}: ${counted(lockedOut, 'person', 'people')} locked out within the hour, ${heldBack} wait.`,
            [plans, `if the source is right:  ${clear}`],
          ),
        ]),
    ...(braked === null
      ? []
      : [
          say(
            `The last full delivery waits: ${[...over('lost', braked.lost), ...over('changed', braked.changed)].join('; ')}.`,
            [plans],
          ),
        ]),
    ...(deliveries[0]?.outcome === 'columns-missing'
      ? [
          say(
            'The last delivery is not read, for the mapping reads columns that it does not have. They are listed below.',
            [
              `correct sources.${id}.mapping in the file; gatehouse check; gatehouse config propose`,
              'where a column may be missing:  has(row.x) ? row.x : hidden()',
            ],
          ),
        ]
      : []),
    ...(columnsMoved
      ? [
          say('A delivery is not read, for its columns are others than before.', [
            `if they are right:  gatehouse source accept ${id} --reason "..."`,
            'if not:  take the file away',
          ]),
        ]
      : []),
  ]
}

function formatSource(source: SourceView, colours: boolean): string {
  const { deliveries, problems } = source
  return [
    ...formatStanding(source),
    'Deliveries',
    formatTable(
      [
        { title: 'arrived', of: (each) => plainTime(each.arrivedAt) },
        { title: 'mode', of: (each) => each.mode },
        { title: 'outcome', of: (each) => each.outcome },
        { title: 'records', of: (each) => each.records, right: true },
        { title: 'changed', of: (each) => each.changed, right: true },
        { title: 'problems', of: (each) => each.problems, right: true },
        { title: 'missing', of: (each) => each.missing, right: true },
      ],
      deliveries,
      colours,
    ),
    'What could not be used, of the newest delivery that had any',
    formatTable(
      [
        { title: 'where', of: (problem) => problem.place },
        { title: 'field', of: (problem) => problem.field },
        { title: 'why', of: (problem) => problem.code },
      ],
      problems,
      colours,
    ),
  ].join('\n')
}
