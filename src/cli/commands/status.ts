/** How the gateway is, and reading sources now. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { StatusView } from '../../api/acts/status.ts'
import { syncResult } from '../../api/schemas/sources.ts'
import { statusView } from '../../api/schemas/status.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable, paint } from '../table.ts'

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

function formatStatus(view: StatusView, colours: boolean): string {
  const { lockouts, queue, audit } = view
  const people = Object.entries(view.people).map(([state, count]) => `${count} ${plain(state)}`)
  const times =
    lockouts.proven24h === 0
      ? ''
      : `: half within ${plain(lockouts.p50Ms)} ms, 99 % within ${plain(lockouts.p99Ms)} ms, all within ${plain(lockouts.maxMs)} ms`
  const { held } = view.plans
  return [
    `Gatehouse ${plain(view.version)} as ${view.roles.map(plain).join(', ')}, since ${plainTime(view.startedAt)}`,
    `queue      ${plain(queue.backend)} ${queue.ok ? paint('green', 'ok', colours) : paint('red', 'failing', colours)}`,
    `people     ${people.join(', ') || 'none'}`,
    `lock-outs  ${lockouts.open} open, ${lockouts.proven24h} proven in 24 h${times}`,
    ...(view.frozenSince === null
      ? []
      : [`frozen     everywhere since ${plainTime(view.frozenSince)}: gatehouse unfreeze`]),
    `plans      ${held} held${held === 0 ? '' : ': gatehouse plan list --state held'}`,
    `audit      ${counted(audit.entries, 'entry', 'entries')}, ${audit.pending} pending`,
    '',
    'Sources',
    formatTable(
      [
        { title: 'source', of: (source) => source.id },
        { title: 'last delivery', of: (source) => plainTime(source.lastDeliveryAt) },
        { title: 'last complete', of: (source) => plainTime(source.lastCompleteAt) },
        { title: 'outcome', of: (source) => source.lastOutcome },
        { title: 'on time', of: (source) => (source.overdue ? 'overdue' : 'yes') },
      ],
      view.sources,
      colours,
    ),
    'Targets',
    formatTable(
      [
        { title: 'target', of: (target) => target.id },
        { title: 'mode', of: (target) => target.mode },
        { title: 'accounts', of: (target) => target.accounts, right: true },
        { title: 'waiting', of: (target) => target.waiting, right: true },
        { title: 'urgent', of: (target) => target.urgentWaiting, right: true },
        { title: 'dead', of: (target) => target.dead, right: true },
        { title: 'failing', of: (target) => target.failing, right: true },
        { title: 'proof', of: (target) => target.reach },
        { title: 'state', of: standing },
      ],
      view.targets,
      colours,
    ),
    'Alarms',
    formatTable(
      [
        { title: 'alarm', of: (alarm) => alarm.code },
        { title: 'of', of: (alarm) => alarm.scope },
        { title: 'count', of: (alarm) => alarm.count, right: true },
        { title: 'since', of: (alarm) => plainTime(alarm.since) },
      ],
      view.alarms,
      colours,
    ),
  ].join('\n')
}

function standing({ pausedBecause, frozenSince, restUntil, unreachable }: StatusView['targets'][number]): string {
  if (pausedBecause !== null) return `paused: ${pausedBecause}`
  if (frozenSince !== null) return `frozen since ${plainTime(frozenSince)}`
  if (unreachable) return 'unreachable'
  return restUntil === null ? 'ok' : `rests until ${plainTime(restUntil)}`
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
