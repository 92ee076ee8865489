/** What a source delivered, and which rows could not be used. */
import type { Command } from 'commander'
import type { SourceView } from '../../api/acts/sources.ts'
import { sourceView } from '../../api/schemas/sources.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'

export function sourceCommand(context: Context): Command {
  const showOne = describeCall('show', 'Show the last deliveries of a source, and the rows that could not be used', [
    'gatehouse source show hr',
    'gatehouse source show hr --json',
  ])
    .argument('<source>', 'id of the source')
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const view = await client.get(`/v1/sources/${encodeURIComponent(id)}`, sourceView)
        show(context, options, view, (source) => formatSource(source, context.terminal.colours))
      }),
    )
  return describe('source', 'Sources of people', ['gatehouse source show hr']).addCommand(showOne)
}

function formatSource({ deliveries, problems }: SourceView, colours: boolean): string {
  return [
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
