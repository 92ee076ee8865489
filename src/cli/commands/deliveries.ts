/** What was tried to deliver, and what came of it. */
import type { Command } from 'commander'
import type { DeliveryView } from '../../api/acts/subscriptions.ts'
import { pageOf } from '../../api/route.ts'
import { deliveryView } from '../../api/schemas/subscriptions.ts'
import { type Context, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'

export function deliveriesCommand(context: Context): Command {
  return describeList(
    'deliveries',
    'List what was delivered by a subscription, of the last 30 days: when, how many, and what the receiver said',
    ['gatehouse deliveries siem', 'gatehouse deliveries siem --limit 200 --json'],
  )
    .argument('<subscription>', 'its id')
    .action((id: string, options: PageOptions) =>
      withClient(context, options, (client) => {
        const path = pagePath(`/v1/subscriptions/${encodeURIComponent(id)}/deliveries`, options)
        return showPage(context, client, options, { path, schema: pageOf(deliveryView) }, ({ rows }) =>
          formatDeliveries(rows, context.terminal.colours),
        )
      }),
    )
}

function formatDeliveries(rows: readonly DeliveryView[], colours: boolean): string {
  return formatTable(
    [
      { title: 'when', of: ({ at }) => plainTime(at) },
      { title: 'outcome', of: ({ outcome }) => outcome },
      { title: 'events', of: ({ events }) => events, right: true },
      { title: 'calls', of: ({ batches }) => batches, right: true },
      { title: 'left out', of: ({ erased, unfiltered, lost }) => erased + unfiltered + lost, right: true },
      { title: 'try', of: ({ attempt }) => attempt, right: true },
      { title: 'said', of: ({ code, status }) => code ?? status },
      { title: 'ms', of: ({ longestMs }) => longestMs, right: true },
      {
        title: 'positions',
        of: ({ spans }) => spans.map(({ source, from, to }) => `${source} ${from}-${to}`).join(', '),
      },
    ],
    rows,
    colours,
  )
}
