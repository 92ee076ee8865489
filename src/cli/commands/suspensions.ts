/** Accounts that are suspended since what somebody presents changed without an order: list, approve, keep, release. */
import type { Command } from 'commander'
import type { SuspensionView } from '../../api/acts/suspensions.ts'
import { pageOf } from '../../api/route.ts'
import { approved, released, suspensionView } from '../../api/schemas/suspensions.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { plain, plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'

export function suspensionsCommand(context: Context): Command {
  return describe('suspensions', 'Accounts that are shut since a finger, a face, a card or a PIN changed unasked', [
    'gatehouse suspensions list',
    'gatehouse suspensions approve 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "she stood before me, her finger was enrolled anew"',
    'gatehouse suspensions keep 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "the police look into it"',
  ])
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(approveCommand(context))
    .addCommand(keepCommand(context))
    .addCommand(releaseCommand(context))
}

const id = ['<suspension>', 'id, as `suspensions list` shows it'] as const
const reason = ['--reason <text>', 'why: it goes into the audit trail'] as const
type Because = CallOptions & { readonly reason: string }

function pathOf(suspension: string, act = ''): string {
  return `/v1/suspensions/${encodeURIComponent(suspension)}${act}`
}

function listCommand(context: Context): Command {
  const { terminal } = context
  const examples = ['gatehouse suspensions list', 'gatehouse suspensions list --all --json']
  return describeList('list', 'List suspended accounts, newest first', examples)
    .option('--all', 'also those that were lifted')
    .action((options: PageOptions & { readonly all?: true }) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/suspensions', options, { all: options.all === true ? 'true' : undefined })
        return showPage(context, client, options, { path, schema: pageOf(suspensionView) }, ({ rows }) =>
          formatTable(
            [
              { title: 'suspension', of: (row) => row.id },
              { title: 'target', of: (row) => row.target },
              { title: 'state', of: stateOf },
              { title: 'found', of: (row) => plainTime(row.lastFoundAt) },
              { title: 'by', of: (row) => row.cause },
              { title: 'approved', of: (row) => `${row.approvals.length} of 2` },
            ],
            rows,
            terminal.colours,
          ),
        )
      }),
    )
}

function stateOf({ state, waitsFor, keptAt }: SuspensionView): string {
  if (state === 'waits') return `waits (${waitsFor ?? ''})`
  return state === 'shut' && keptAt !== null ? 'kept shut' : state
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show one: what was found, and who approved it', [
    'gatehouse suspensions show 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01',
  ])
    .argument(...id)
    .action((suspension: string, options: CallOptions) =>
      withClient(context, options, async (client) =>
        show(context, options, await client.get(pathOf(suspension), suspensionView), describeOne),
      ),
    )
}

const causes: Readonly<Record<string, string>> = {
  event:
    'the system told of a change that the account does not show, as when one finger or face takes the place of another',
  biometrics: 'it has other numbers of fingers or faces',
  pin: 'it has a PIN that nobody issued',
  card: 'it has a card that nobody ordered',
  record: 'its record was changed, and does not show in what: perhaps one finger or face took the place of another',
  unread: 'the system told of a change, and the account could not be looked at',
}

function describeOne(row: SuspensionView): string {
  const lines = [
    `${stateOf(row)}: person ${plain(row.person)}, account ${plain(row.account)} at ${plain(row.target)}`,
    `found ${plainTime(row.foundAt)}, last ${plainTime(row.lastFoundAt)}`,
    causes[row.cause] ?? plain(row.cause),
    ...(row.keptAt === null ? [] : [`kept shut ${plainTime(row.keptAt)} by ${plain(row.keptBy)}`]),
    ...row.approvals.map(({ by, at, reason: why }) => `approved ${plainTime(at)} by ${plain(by)}: ${plain(why)}`),
    ...(row.liftedAt === null ? [] : [`lifted ${plainTime(row.liftedAt)}`]),
  ]
  return `${lines.join('\n')}\n`
}

function approveCommand(context: Context): Command {
  return describeCall('approve', 'Approve what was found; the second different person opens the account', [
    'gatehouse suspensions approve 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "she stood before me"',
  ])
    .argument(...id)
    .requiredOption(...reason)
    .action((suspension: string, options: Because) =>
      withClient(context, options, async (client) => {
        const done = await client.post(pathOf(suspension, '/approve'), { reason: options.reason }, approved)
        show(context, options, done, ({ lifted }) =>
          lifted ? 'approved by two people: lifted\n' : 'approved: one more, other, person must approve\n',
        )
      }),
    )
}

function keepCommand(context: Context): Command {
  return describeCall('keep', 'Say by name that the account stays shut; what was approved counts no more', [
    'gatehouse suspensions keep 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "the police look into it"',
  ])
    .argument(...id)
    .requiredOption(...reason)
    .action((suspension: string, options: Because) =>
      withClient(context, options, async (client) => {
        await client.send('POST', pathOf(suspension, '/keep'), { reason: options.reason })
        show(context, options, { kept: suspension }, () => 'it stays shut\n')
      }),
    )
}

function releaseCommand(context: Context): Command {
  return describeCall('release', 'Shut an account that waits for it, as an admin', [
    'gatehouse suspensions release 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "looked at the records there"',
  ])
    .argument(...id)
    .requiredOption(...reason)
    .action((suspension: string, options: Because) =>
      withClient(context, options, async (client) => {
        const done = await client.post(pathOf(suspension, '/release'), { reason: options.reason }, released)
        show(context, options, done, ({ lockouts }) =>
          lockouts.length === 0 ? 'it was shut already\n' : `it is shut: lock-out ${lockouts.map(plain).join(', ')}\n`,
        )
      }),
    )
}
