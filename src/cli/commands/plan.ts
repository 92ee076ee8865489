/** Plans: list, look at, release, reject. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { PlanView } from '../../api/acts/plans.ts'
import { pageOf } from '../../api/route.ts'
import { planChangeView, planView } from '../../api/schemas/plans.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage, tellMore } from '../page.ts'
import { counted, plain, plainTime, wrapped } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable } from '../table.ts'

export function planCommand(context: Context): Command {
  return describe('plan', 'See what would change, and decide about what is held', [
    'gatehouse plan list --state held',
    'gatehouse plan show 6f0c…',
    'gatehouse plan release 6f0c… --reason "40 people moved to the new site"',
  ])
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(releaseCommand(context))
    .addCommand(rejectCommand(context))
    .addCommand(againCommand(context))
}

function listCommand(context: Context): Command {
  return describeList('list', 'List plans, newest first', [
    'gatehouse plan list',
    'gatehouse plan list --state held --json',
  ])
    .option('--state <state>', 'held, passed, released, rejected or superseded')
    .action((options: PageOptions & { state?: string }) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/plans', options, { state: options.state })
        return showPage(context, client, options, { path, schema: pageOf(planView) }, ({ rows }) =>
          formatTable(
            [
              { title: 'plan', of: (plan) => plan.id },
              { title: 'state', of: (plan) => plan.state },
              { title: 'origin', of: (plan) => plan.origin },
              { title: 'changes', of: (plan) => plan.total, right: true },
              { title: 'created', of: (plan) => plainTime(plan.createdAt) },
              { title: 'decided', of: (plan) => plainTime(plan.decidedAt) },
            ],
            rows,
            context.terminal.colours,
          ),
        )
      }),
    )
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show a plan, what held it, and its changes', [
    'gatehouse plan show 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01',
    'gatehouse plan show 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --limit 500 --json',
    'gatehouse plan show 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --dropped',
  ])
    .argument('<plan>', 'id of the plan')
    .option('--dropped', 'only what its release dropped, for it was no longer wanted so')
    .option('--limit <count>', 'how many changes', '100')
    .option('--after <cursor>', 'where the changes before ended')
    .action((id: string, options: PageOptions & { dropped?: boolean }) =>
      withClient(context, options, async (client) => {
        const at = `/v1/plans/${encodeURIComponent(id)}`
        const plan = await client.get(at, planView)
        const dropped = options.dropped === true ? 'true' : undefined
        const changes = await client.get(pagePath(`${at}/changes`, options, { dropped }), pageOf(planChangeView))
        show(context, options, { ...plan, changes }, () => formatPlan(plan, changes.rows, context.terminal.colours))
        tellMore(context, changes.next)
      }),
    )
}

type Change = z.output<typeof planChangeView>

function formatPlan(plan: PlanView, changes: readonly Change[], colours: boolean): string {
  const by = plan.decidedByName ?? plan.decidedBy ?? 'a newer plan or the brakes'
  const decided = plan.decidedAt === null ? [] : [`decided ${plainTime(plan.decidedAt)} by ${plain(by)}`]
  return [
    `Plan ${plain(plan.id)}: ${plain(plan.state)}, from ${plain(plan.origin)}, ${plainTime(plan.createdAt)}`,
    ...decided,
    `hash ${plain(plan.hash)}`,
    '',
    ...formatPull(plan),
    ...formatRadius(plan, colours),
    formatTable(
      [
        { title: 'kind', of: (kind) => kind.kind },
        { title: 'target', of: (kind) => kind.target },
        { title: 'accounts', of: (kind) => kind.changes, right: true },
        { title: 'limit', of: (kind) => kind.limit, right: true },
        { title: 'brake', of: (kind) => (kind.held ? 'held' : 'passed') },
        { title: 'why', of: ({ why }) => (why === 'brake' ? 'more than the limit' : why) },
      ],
      plan.kinds,
      colours,
    ),
    ...formatFirst(plan),
    ...formatWaits(plan),
    formatTable(
      [
        { title: 'person', of: (change) => change.person },
        { title: 'target', of: (change) => change.target },
        { title: 'kind', of: (change) => change.kind },
        { title: 'what', of: whatChanges },
        { title: 'state', of: (change) => stateOf(plan, change) },
      ],
      changes,
      colours,
    ),
    ...(plan.state === 'held' ? [nextSteps(plan, changes)] : []),
    ...(plan.state === 'rejected' ? [`Next:\n  ${againLine(plan)}\n`] : []),
  ].join('\n')
}

function formatPull({ pull }: PlanView): readonly string[] {
  const over = (what: string, of: { rows: number; limit: number } | null | undefined) =>
    of === null || of === undefined ? [] : [`${counted(of.rows, 'row')} ${what}, of ${of.limit} that may be`]
  const why = [...over('lost', pull?.lost), ...over('changed', pull?.changed)]
  return why.length === 0 ? [] : [`All of it waits, for its delivery had ${why.join(' and ')}.\n`]
}

/** Why even one waits, where the limit is 0. */
function formatFirst({ state, kinds }: PlanView): readonly string[] {
  const targets = kinds.flatMap(({ why, target }) => (why?.includes('no open account') ? [target] : []))
  if (state !== 'held' || targets.length === 0) return []
  const text = `Limit 0: no account is open yet at ${targets.join(', ')}, and a share of none is 0. So the first ones wait for you, however few: see that they are the right people, then release the plan.`
  return [`${wrapped(text, '')}\n`]
}

function formatWaits({ waits }: PlanView): readonly string[] {
  return (waits ?? []).map(
    ({ target, for: why, accounts }) =>
      `${counted(accounts, 'account')} at ${plain(target)} in no plan, waits: ${why} (gatehouse match show ${plain(target)})\n`,
  )
}

function formatRadius({ radius, usual }: PlanView, colours: boolean): readonly string[] {
  if (radius === null) return []
  const rows = [
    { of: 'people touched', figure: 'people' },
    { of: 'access levels touched', figure: 'levels' },
    { of: 'people who lose everything', figure: 'losing' },
    { of: 'people who join', figure: 'joining' },
  ] as const
  const before = usual === null ? 'before' : `of ${counted(usual.plans, 'plan')} before`
  return [
    formatTable(
      [
        { title: 'reach', of: ({ of }) => of },
        { title: 'this plan', of: ({ figure }) => radius[figure], right: true },
        { title: `median ${before}`, of: ({ figure }) => usual?.median[figure], right: true },
        { title: 'largest', of: ({ figure }) => usual?.largest[figure], right: true },
      ],
      rows,
      colours,
    ),
  ]
}

/** Held changes share the fate of their plan. */
function stateOf({ state }: PlanView, { dropped, held }: Change): string {
  if (dropped) return 'dropped'
  if (!held) return 'passed'
  return state === 'released' ? 'applied' : state
}

/** Digests stand for themselves only: they are left to `--json`. */
function whatChanges({ target, part, name, before, after, brings }: Change): string {
  const [kind] = part.split(':')
  if (part === 'account') return brings === null ? part : `with ${listed(namesAt(target, brings), listWidth)}`
  if (kind === 'level') return `level ${name ?? part}`
  if (kind === 'lock' || kind === 'card')
    return `${name === null ? kind : `${kind} ${name}`} ${before ?? 'none'} -> ${after ?? 'none'}`
  return part
}

/** The target has a column of its own. */
function namesAt(target: string, { levels, cards }: NonNullable<Change['brings']>): readonly string[] {
  return [...levels.map((level) => (level.startsWith(`${target}/`) ? level.slice(target.length + 1) : level)), ...cards]
}

const listWidth = 48

/** As many as fit into so many columns, and how many more there are: `--json` has them all. */
function listed(names: readonly string[], columns: number): string {
  let fitting = names.length
  while (fitting > 1 && names.slice(0, fitting).join(', ').length > columns) fitting -= 1
  const more = names.length - fitting
  return `${names.slice(0, fitting).join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

function nextSteps({ id, origin }: PlanView, changes: readonly Change[]): string {
  if (origin === 'configuration') return 'Next:\n  gatehouse config show\n'
  const person = changes.find((change) => change.person !== null)?.person
  const lines = [
    ...(person ? [`gatehouse person explain ${person}`] : []),
    `gatehouse plan release ${id} --reason "..."`,
    `gatehouse plan reject ${id} --reason "..."`,
  ]
  return `Next:\n${lines.map((line) => `  ${plain(line)}\n`).join('')}`
}

function againLine({ id }: Pick<PlanView, 'id'>): string {
  return `gatehouse plan again ${plain(id)} --reason "..."`
}

function releaseCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('release', 'Apply a held plan, as far as it is still wanted', [
    'gatehouse plan release 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "site moved, checked with HR"',
  ])
    .argument('<plan>', 'id of the plan')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const path = `/v1/plans/${encodeURIComponent(id)}/release`
        const request = client.post(path, { reason: options.reason }, released)
        const counts = await withProgress(terminal, 'releasing', request)
        show(
          context,
          options,
          counts,
          ({ applied, dropped }) =>
            `${counted(applied, 'change')} released${dropped === 0 ? '' : `, ${dropped} dropped because they are no longer wanted so: gatehouse plan show ${plain(id)} --dropped`}\n`,
        )
      }),
    )
}

const released = z.object({ applied: z.number(), dropped: z.number() })

function rejectCommand(context: Context): Command {
  return describeCall('reject', 'Reject a held plan: nothing of it is applied', [
    'gatehouse plan reject 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "the file was cut off"',
  ])
    .argument('<plan>', 'id of the plan')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/plans/${encodeURIComponent(id)}/reject`, { reason: options.reason })
        show(
          context,
          options,
          { plan: id, state: 'rejected' },
          () =>
            `rejected: nothing of it is done. It comes again with the next delivery of its source that says the same, or with\n  ${againLine({ id })}\n`,
        )
      }),
    )
}

function againCommand(context: Context): Command {
  return describeCall('again', 'Make a rejected plan anew, of what is still wanted', [
    'gatehouse plan again 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "HR says that the file was right"',
  ])
    .argument('<plan>', 'id of the rejected plan')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const path = `/v1/plans/${encodeURIComponent(id)}/again`
        const made = await client.post(path, { reason: options.reason }, askedAgain)
        show(context, options, made, ({ plan, state }) => {
          if (plan === null) return 'nothing of it is wanted any more\n'
          return state === 'held' ? `it waits: gatehouse plan show ${plain(plan)}\n` : `it passed: ${plain(plan)}\n`
        })
      }),
    )
}

const askedAgain = z.object({ plan: z.string().nullable(), state: z.enum(['held', 'passed']).nullable() })
