/** What changed at targets behind our back: shown, and decided about by name. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { DriftCount, DriftDecision, DriftView } from '../../api/acts/targets.ts'
import { pageOf } from '../../api/route.ts'
import { driftCount, driftDecision, driftView } from '../../api/schemas/targets.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'

export function driftCommand(context: Context): Command {
  const examples = [
    'gatehouse drift',
    'gatehouse drift hq --limit 500 --json',
    'gatehouse drift revert hq --class level-added --reason "nobody may give these by hand"',
    'gatehouse drift accept hq --id 0197a0c2-9d3f-4a53-9d2e-6f1f2b0c9a11 --reason "guard covers the night shift"',
    'gatehouse drift withdraw hq --class blocked --reason "inquiry is over"',
  ]
  return describeList('drift', 'Show what changed at the targets behind our back, and is still so', examples, {
    limit: '100',
  })
    .enablePositionalOptions()
    .argument('[target]', 'id of the target')
    .action((target: string | undefined, options: PageOptions) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/drift', options, { target })
        const schema = pageOf(driftView).extend({ counts: z.array(driftCount) })
        return showPage(context, client, options, { path, schema }, ({ rows, counts }) =>
          formatDrift(rows, counts, context.terminal.colours),
        )
      }),
    )
    .addCommand(
      decideCommand(context, 'accept', 'Let changes stay: reported no more, and left by the next write', 'accepted', [
        'gatehouse drift accept hq --class blocked --reason "security asked for it"',
      ]),
    )
    .addCommand(
      decideCommand(
        context,
        'revert',
        'Undo changes, once: what comes back is up to the configuration',
        'to be undone',
        ['gatehouse drift revert hq --account 0197a0c2-9d3f-4a53-9d2e-6f1f2b0c9a11 --reason "nobody asked for it"'],
      ),
    )
    .addCommand(
      decideCommand(context, 'withdraw', 'Let accepted changes stay no longer', 'reported again', [
        'gatehouse drift withdraw hq --class level-added --reason "project is over"',
      ]),
    )
}

interface Chosen extends CallOptions {
  readonly reason: string
  readonly id?: string
  readonly account?: string
  readonly class?: string
}

function decideCommand(
  context: Context,
  act: 'accept' | 'revert' | 'withdraw',
  summary: string,
  done: string,
  examples: readonly string[],
): Command {
  return describeCall(act, summary, examples)
    .argument('<target>', 'id of the target')
    .option('--id <id>', 'one change, by the id that `gatehouse drift --json` shows')
    .option('--account <id>', 'those of one account, by random id')
    .option('--class <class>', 'those of one class, such as level-added or blocked')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((target: string, { reason, id, account, class: is, ...options }: Chosen) =>
      withClient(context, options, async (client) => {
        const path = `/v1/targets/${encodeURIComponent(target)}/drift/${act}`
        const chosen = { ...(id && { id }), ...(account && { account }), ...(is && { class: is }) }
        const decision = await client.post(path, { reason, ...chosen }, driftDecision)
        show(context, options, decision, (told) => formatDecision(told, done))
      }),
    )
}

function formatDecision({ drifts, left }: DriftDecision, done: string): string {
  const rest =
    left === 0
      ? ''
      : `, ${left} left: not Gatehouse's to undo, of somebody with changes that wait, or being worked on just now`
  return `${counted(drifts, 'change')} ${done}${rest}\n`
}

function formatDrift(rows: readonly DriftView[], counts: readonly DriftCount[], colours: boolean): string {
  if (counts.length === 0 && rows.length === 0) return 'nothing changed at the targets behind our back\n'
  return [
    'How many changes there are of each kind, and what the configuration says about it',
    formatTable(
      [
        { title: 'target', of: (each) => each.target },
        { title: 'change', of: (each) => each.class },
        { title: 'policy', of: (each) => each.policy },
        { title: 'how many', of: (each) => each.count, right: true },
        { title: 'accepted', of: (each) => each.accepted, right: true },
      ],
      counts,
      colours,
    ),
    'Which they are, by random id: gatehouse person show says who it is',
    formatTable(
      [
        { title: 'target', of: (row) => row.target },
        { title: 'change', of: (row) => row.class },
        { title: 'level or card', of: (row) => row.part },
        { title: 'person', of: (row) => row.person },
        { title: 'found', of: (row) => plainTime(row.foundAt) },
        { title: 'state', of: stateOf },
      ],
      rows,
      colours,
    ),
  ].join('\n')
}

function stateOf({ acceptedAt, fought, reverted, policy }: DriftView): string {
  if (acceptedAt !== null) return `accepted ${plainTime(acceptedAt)}`
  if (fought) return `undone ${reverted} times, left`
  return reverted === 0 ? plain(policy) : `${plain(policy)}, undone ${counted(reverted, 'time')}`
}
