/** What was given up or refused: list, retry, discard. */
import type { Command } from 'commander'
import { z } from 'zod'
import { pageOf } from '../../api/route.ts'
import { failureView } from '../../api/schemas/failures.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain, plainTime, wrapped } from '../plain.ts'
import { formatTable } from '../table.ts'

const account = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'

export function failuresCommand(context: Context): Command {
  return describe('failures', 'See what was given up or refused, and have it tried again or sign it off', [
    'gatehouse failures list hq',
    `gatehouse failures retry ${account} --reason "the group is there now"`,
    `gatehouse failures discard ${account} --reason "a service account, leave it"`,
  ])
    .addCommand(listCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(discardCommand(context))
}

function listCommand(context: Context): Command {
  const { terminal } = context
  const examples = ['gatehouse failures list', 'gatehouse failures list hq --json']
  return describeList('list', 'List what was given up or refused, by account and part', examples, {
    counted: 'how many accounts',
  })
    .argument('[target]', 'only those of this target')
    .action((target: string | undefined, options: PageOptions) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/failures', options, { target })
        return showPage(context, client, options, { path, schema: pageOf(failureView) }, ({ rows }) =>
          formatFailures(rows, terminal.colours),
        )
      }),
    )
}

type Failure = z.output<typeof failureView>

function formatFailures(rows: readonly Failure[], colours: boolean): string {
  const table = formatTable(
    [
      { title: 'account', of: (failure) => failure.account },
      { title: 'target', of: (failure) => failure.target },
      { title: 'part', of: (failure) => failure.part.split(':')[0] },
      { title: 'code', of: (failure) => failure.code },
      { title: 'state', of: (failure) => failure.state },
      { title: 'tries', of: (failure) => failure.attempts, right: true },
      { title: 'since', of: (failure) => plainTime(failure.since) },
    ],
    rows,
    colours,
  )
  const advice = new Map(rows.flatMap(({ kind, action }) => (action === null ? [] : [[kind, action] as const])))
  if (advice.size === 0) return table
  return `${table}\nWhat to do\n${[...advice].map(([kind, text]) => `${plain(kind)}\n${wrapped(text, '  ')}\n`).join('')}`
}

function retryCommand(context: Context): Command {
  return describeCall('retry', 'Have an account tried again now, or all of them', [
    `gatehouse failures retry ${account} --reason "the group is there now"`,
    'gatehouse failures retry --all --target hq --reason "the server takes long names since the update"',
  ])
    .argument('[account]', 'its id, as `failures list` shows it')
    .option('--all', 'all of them')
    .option('--target <id>', 'with --all: only those of this target')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string | undefined, options: CallOptions & { all?: boolean; target?: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const { all, target, reason } = options
        if ((id === undefined) !== (all === true) || (target !== undefined && all !== true))
          throw new CliError(exitCodes.usage, 'name an account, or --all, with --target for those of one target')
        const which = id === undefined ? { all: true, ...(target === undefined ? {} : { target }) } : { account: id }
        const result = await client.post('/v1/failures/retry', { ...which, reason }, retried)
        show(context, options, result, ({ accounts }) => `${counted(accounts, 'account')} tried again\n`)
      }),
    )
}

const retried = z.object({ accounts: z.int() })

function discardCommand(context: Context): Command {
  return describeCall('discard', 'Say by name that an account may stay as it is, until something newer is desired', [
    `gatehouse failures discard ${account} --reason "a service account, leave it"`,
  ])
    .argument('<account>', 'its id, as `failures list` shows it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, { reason, ...options }: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/failures/${encodeURIComponent(id)}/discard`, { reason })
        show(context, options, { account: id, state: 'discarded' }, () => 'discarded\n')
      }),
    )
}
