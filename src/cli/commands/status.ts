/** How the gateway is, and reading sources now. */
import type { Command } from 'commander'
import { z } from 'zod'
import { syncResult } from '../../api/schemas/sources.ts'
import { statusView } from '../../api/schemas/status.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { withProgress } from '../progress.ts'
import { formatStatus } from '../status-text.ts'
import { formatTable } from '../table.ts'

export function statusCommand(context: Context): Command {
  return describeCall('status', 'Show how sources, targets, lock-outs, plans and alarms are', [
    'gatehouse status',
    'gatehouse status --url https://gate.example.org --ca ca.pem --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const status = await client.get('/v1/status', statusView)
      show(context, options, status, (view) => formatStatus(view, context.terminal.colours))
    }),
  )
}

export function syncCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('sync', 'Read a source now, or all of them, and wait until it is done', [
    'gatehouse sync',
    'gatehouse sync hr --json',
  ])
    .argument('[source]', 'id of the source')
    .action((source: string | undefined, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const request = client.post('/v1/sync', source === undefined ? {} : { source }, syncAnswer)
        const { results } = await withProgress(terminal, 'reading', request)
        show(context, options, results, (rows) =>
          rows.length === 0
            ? 'nothing new was delivered\n'
            : formatTable(
                [
                  { title: 'source', of: (row) => row.source },
                  { title: 'outcome', of: (row) => row.outcome },
                  { title: 'records', of: (row) => row.records, right: true },
                  { title: 'changed', of: (row) => row.changed, right: true },
                  { title: 'problems', of: (row) => row.problems, right: true },
                  { title: 'missing', of: (row) => row.missing, right: true },
                  { title: 'plan', of: (row) => row.plan },
                ],
                rows,
                terminal.colours,
              ),
        )
      }),
    )
}

const syncAnswer = z.object({ results: z.array(syncResult) })
