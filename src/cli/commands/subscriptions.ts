/** Subscriptions: how they fare, on and off, a try, and once more from somewhere. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { SubscriptionView } from '../../api/acts/subscriptions.ts'
import { subscriptionTestView, subscriptionView } from '../../api/schemas/subscriptions.ts'
import { count } from '../../api/schemas/values.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { writeTo } from '../download.ts'
import { CliError, exitCodes } from '../exit.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, formatTable } from '../table.ts'
import { timeOrAgo } from '../times.ts'

export function subscriptionsCommand(context: Context): Command {
  return describe('subscriptions', 'See where events are delivered to, and have it stopped, tried or done once more', [
    'gatehouse subscriptions list',
    'gatehouse subscriptions test siem',
    'gatehouse subscriptions replay siem --from 2h --reason "its disk was full"',
  ])
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(
      decideCommand(context, 'enable', 'Let it go on where it was; one that fails is tried at once', [
        'gatehouse subscriptions enable siem --reason "new certificate in place"',
      ]),
    )
    .addCommand(
      decideCommand(context, 'disable', 'Deliver nothing more: what happens meanwhile waits', [
        'gatehouse subscriptions disable siem --reason "moves to another server"',
      ]),
    )
    .addCommand(testCommand(context))
    .addCommand(replayCommand(context))
    .addCommand(openFileCommand(context))
}

const pathOf = (id: string, act = ''): string => `/v1/subscriptions/${encodeURIComponent(id)}${act}`
const argument = ['<subscription>', 'its id'] as const

function listCommand(context: Context): Command {
  return describeCall('list', 'List all: how far each is, and how it fares', [
    'gatehouse subscriptions list',
    'gatehouse subscriptions list --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const schema = z.object({ subscriptions: z.array(subscriptionView).readonly() })
      const { subscriptions } = await client.get('/v1/subscriptions', schema)
      show(context, options, subscriptions, (rows) =>
        formatTable(
          [
            { title: 'subscription', of: ({ id }) => id },
            { title: 'to', of: ({ connector }) => connector },
            { title: 'state', of: stateWord },
            { title: 'waiting', of: ({ waiting }) => waiting, right: true },
            { title: 'last taken', of: ({ takenAt }) => plainTime(takenAt) },
          ],
          rows,
          context.terminal.colours,
        ),
      )
    }),
  )
}

/** The worst that holds. */
function stateWord({ forged, state, failing }: SubscriptionView): string {
  if (forged) return 'forged'
  if (state === 'disabled') return 'disabled'
  return failing === null ? 'ok' : 'failing'
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show one: what it may tell, how far it is in each system, and how it fares', [
    'gatehouse subscriptions show siem',
  ])
    .argument(...argument)
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const view = await client.get(pathOf(id), subscriptionView)
        show(context, options, view, (shown) => formatSubscription(shown, context.terminal.colours))
      }),
    )
}

function formatSubscription(view: SubscriptionView, colours: boolean): string {
  const { failing } = view
  const pairs = formatPairs([
    ['state', stateWord(view)],
    ['since', plainTime(view.stateSince)],
    ...(view.stateCode === null ? [] : [['because', view.stateCode] as const]),
    ['delivers', `${view.feed} to ${view.connector}`],
    ['reveals', view.reveal.join(', ') || 'pseudonyms only'],
    ['waiting', view.waiting],
    ['last taken', plainTime(view.takenAt)],
    ...(failing === null
      ? []
      : ([
          ['failing since', plainTime(failing.since)],
          ['attempts', failing.attempts],
          ['says', failing.code],
          ['next try', plainTime(failing.nextTryAt)],
        ] as const)),
  ])
  const table = formatTable(
    [
      { title: 'system', of: ({ source }) => source },
      { title: 'delivered up to', of: ({ position }) => position, right: true },
      { title: 'in the log', of: ({ newest }) => newest, right: true },
    ],
    view.positions,
    colours,
  )
  const next = view.forged
    ? '\nIts rows were changed outside Gatehouse. Say from where it goes on:\n' +
      `  gatehouse subscriptions replay ${plain(view.id)} --from 24h --reason "..."\n`
    : ''
  return `${pairs}\n${table}${next}`
}

function decideCommand(
  context: Context,
  act: 'enable' | 'disable',
  summary: string,
  examples: readonly string[],
): Command {
  return describeCall(act, summary, examples)
    .argument(...argument)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', pathOf(id, `/${act}`), { reason: options.reason })
        show(context, options, { subscription: id, state: `${act}d` }, () => `${plain(id)} ${act}d\n`)
      }),
    )
}

function testCommand(context: Context): Command {
  return describeCall('test', 'Send the receiver an event that never happened', ['gatehouse subscriptions test siem'])
    .argument(...argument)
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const result = await client.post(pathOf(id, '/test'), undefined, subscriptionTestView)
        show(context, options, result, ({ taken, code, tookMs }) =>
          taken ? `taken, after ${tookMs} ms\n` : `not taken: ${plain(code)}, after ${tookMs} ms\n`,
        )
        if (!result.taken) context.finish(exitCodes.problems)
      }),
    )
}

interface ReplayOptions extends CallOptions {
  readonly reason: string
  readonly from?: string
  readonly event?: string
}

function replayCommand(context: Context): Command {
  return describeCall('replay', 'Deliver once more what was delivered, from a time or an event on', [
    'gatehouse subscriptions replay siem --from 2h --reason "its disk was full"',
    'gatehouse subscriptions replay siem --from 2026-03-06T17:00:00Z --reason "moved to another server"',
    'gatehouse subscriptions replay siem --event hq/4711 --reason "lost by the receiver"',
  ])
    .argument(...argument)
    .option('--from <time>', 'all that was received since: a time with its zone, or so long ago (2h, 3d)')
    .option('--event <system/sequence>', 'this event, or punch, and those behind it, as the receiver has them')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, { reason, from, event, ...options }: ReplayOptions) =>
      withClient(context, options, async (client) => {
        if ((from === undefined) === (event === undefined))
          throw new CliError(exitCodes.usage, 'give either --from or --event')
        const start = event === undefined ? { from: timeOrAgo('--from', from ?? '') } : { event: eventOf(event) }
        const answer = z.object({ positions: count })
        const replayed = await client.post(pathOf(id, '/replay'), { reason, ...start }, answer)
        show(context, options, replayed, ({ positions }) => `${counted(positions, 'event')} once more\n`)
      }),
    )
}

function openFileCommand(context: Context): Command {
  const { terminal } = context
  const name = 'punches-2026-11-26.csv.sealed'
  return describeCall(
    'open-file',
    'Write a sealed file of a subscription, in clear, into a new file: who came and went',
    [`gatehouse subscriptions open-file payroll ${name} --out punches.csv --reason "for the payroll run of November"`],
  )
    .argument(...argument)
    .argument('<file>', 'its name as the folder has it, without the folder; that of today ends in .sealed.part')
    .requiredOption('--out <file>', 'a new file that only you can read')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, file: string, { out, reason, ...options }: CallOptions & { out: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const path = pathOf(id, `/files/${encodeURIComponent(file)}/open`)
        const bytes = await withProgress(terminal, 'opening', writeTo(out, client.download(path, { reason })))
        terminal.err(`${plain(out)} is plain personal data: keep it from others, and delete it when you are done\n`)
        show(context, options, { subscription: id, file, out, bytes }, () => `${counted(bytes, 'byte')}\n`)
      }),
    )
}

function eventOf(text: string): { readonly source: string; readonly position: number } {
  const [, source, position] = /^([a-z0-9-]{1,32}|attendance_log)\/([1-9]\d{0,14})$/.exec(text) ?? []
  if (source === undefined)
    throw new CliError(
      exitCodes.usage,
      '--event takes a system and a sequence, such as hq/4711, or attendance_log/4711 of a punch',
    )
  return { source, position: Number(position) }
}
