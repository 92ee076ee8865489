/** Accounts that were there before Gatehouse: read, looked at, and linked to their people. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import type { MatchRowView, MatchView } from '../../api/acts/matches.ts'
import { pageOf } from '../../api/route.ts'
import { adopted, matchRowView, matchView } from '../../api/schemas/matches.ts'
import type { Client } from '../client.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { Pace } from '../pace.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, formatTable } from '../table.ts'

const reasonHelp = 'why: it goes into the audit trail'
const pollMs = 500

export function matchCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('match', 'Read all accounts of a target, and say whose they are; writes nothing there', [
    'gatehouse match hq',
    'gatehouse match show hq --class probable',
    'gatehouse match adopt hq --reason "looked through with facility management"',
    'gatehouse match link hq 10017 4711 --reason "same person, by her photo"',
    'gatehouse match leave hq --person 4712 --reason "her first day, none of these is hers"',
  ])
    .enablePositionalOptions()
    .argument('<target>', 'id of the target')
    .option('--reason <text>', reasonHelp, 'to see whose the accounts are')
    .action((target: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', at(target), { reason: options.reason })
        const pace = new Pace()
        const view = await withProgress(terminal, () => pace.text(Date.now()), ended(client, target, pace))
        if (view.state === 'failed') throw new CliError(exitCodes.failed, `the accounts can't be read: ${view.code}`)
        show(context, options, view, formatMatch)
      }),
    )
    .addCommand(showCommand(context))
    .addCommand(adoptCommand(context))
    .addCommand(linkCommand(context))
    .addCommand(leaveCommand(context))
}

function at(target: string, rest = ''): string {
  return `/v1/targets/${encodeURIComponent(target)}/match${rest}`
}

async function ended(client: Client, target: string, pace: Pace): Promise<MatchView> {
  for (;;) {
    const view = await client.get(at(target), matchView)
    pace.note(view, Date.now())
    if (view.state === 'done' || view.state === 'failed') return view
    await sleep(pollMs)
  }
}

const waiting = 'Nobody to whom one of them leads is made an account before you have linked it, or left it.\n'

function formatMatch({ target, accounts, classes }: MatchView): string {
  const of = (name: string) => classes[name] ?? 0
  const next = [
    ...(of('certain') > 0 ? [`gatehouse match adopt ${target} --reason "..."`] : []),
    ...(of('probable') + of('ambiguous') > 0 ? [`gatehouse match show ${target} --class probable`] : []),
    ...(of('unread') > 0 ? [`gatehouse match show ${target} --class unread`] : []),
    `gatehouse enable ${target} --reason "..."`,
  ]
  return [
    `${counted(accounts, 'account')} at ${plain(target)}\n`,
    formatPairs([
      ['certain', `${of('certain')}  linked by \`match adopt\``],
      ['probable', `${of('probable')}  to be linked by hand, if they are right`],
      ['ambiguous', `${of('ambiguous')}  fit several people, or none without contradiction`],
      ['none', `${of('none')}  of nobody who is known here: left alone`],
      ['unread', `${of('unread')}  can't be read there, so not judged: see why, and match once more`],
      ['linked', `${of('linked')}  before`],
      ['untouchable', `${of('untouchable')}  of operators, or built in: never touched`],
    ]),
    ...(of('probable') + of('ambiguous') > 0 ? [waiting] : []),
    `Next:\n${next.map((line) => `  ${plain(line)}\n`).join('')}`,
  ].join('\n')
}

function showCommand(context: Context): Command {
  const examples = ['gatehouse match show hq', 'gatehouse match show hq --class ambiguous --limit 500 --json']
  return describeList('show', 'Show account by account whose it is, and why: personal data in clear', examples, {
    limit: '100',
  })
    .argument('<target>', 'id of the target')
    .option('--class <class>', 'certain, probable, ambiguous, none, unread, linked or untouchable')
    .action((target: string, options: PageOptions & { class?: string }) =>
      withClient(context, options, (client) => {
        const path = pagePath(at(target, '/accounts'), options, { class: options.class })
        return showPage(context, client, options, { path, schema: pageOf(matchRowView) }, ({ rows }) =>
          formatAccounts(rows, context.terminal.colours),
        )
      }),
    )
}

function formatAccounts(rows: readonly MatchRowView[], colours: boolean): string {
  return formatTable(
    [
      { title: 'account', of: (row) => row.account },
      { title: 'name there', of: (row) => row.profile?.name },
      { title: 'class', of: (row) => row.class },
      { title: 'because of', of: (row) => row.reasons.join(', ') || null },
      { title: 'person', of: (row) => row.person },
    ],
    rows,
    colours,
  )
}

function adoptCommand(context: Context): Command {
  return describeCall(
    'adopt',
    'Link every account that is certain; nothing changes there, what differs becomes a plan',
    ['gatehouse match adopt hq --reason "looked through with facility management"'],
  )
    .argument('<target>', 'id of the target')
    .requiredOption('--reason <text>', reasonHelp)
    .action((target: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const request = client.post(at(target, '/adopt'), { reason: options.reason }, adopted)
        const counts = await withProgress(context.terminal, 'linking', request)
        show(
          context,
          options,
          counts,
          ({ linked, left }) =>
            `${counted(linked, 'account')} linked${left === 0 ? '' : `, ${left} left: no longer certain, match once more`}\n` +
            'Next: gatehouse plan list --state held\n',
        )
      }),
    )
}

function linkCommand(context: Context): Command {
  return describeCall('link', 'Link one account by hand; a second one of a person is only ever locked with the first', [
    'gatehouse match link hq 10017 4711 --reason "same person, by her photo"',
  ])
    .argument('<target>', 'id of the target')
    .argument('<account>', 'id of the account there')
    .argument('<person>', 'employee number, card (H10301:facility:number or CSN:hex) or person id')
    .requiredOption('--reason <text>', reasonHelp)
    .action((target: string, account: string, by: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const { id: person } = await client.post('/v1/people/find', { by }, z.object({ id: z.uuid() }))
        await client.send('POST', at(target, '/link'), { account, person, reason: options.reason })
        show(context, options, { target, person, state: 'linked' }, () => 'linked\n')
      }),
    )
}

function leaveCommand(context: Context): Command {
  return describeCall(
    'leave',
    "Say that an account is none of ours, or none of them a person's: who waited is planned one",
    [
      'gatehouse match leave hq 10017 --reason "belongs to the cleaning firm"',
      'gatehouse match leave hq --person 4712 --reason "her first day, none of these is hers"',
    ],
  )
    .argument('<target>', 'id of the target')
    .argument('[account]', 'id of the account there')
    .option('--person <by>', 'employee number, card (H10301:facility:number or CSN:hex) or person id')
    .requiredOption('--reason <text>', reasonHelp)
    .action((target: string, account: string | undefined, options: CallOptions & { person?: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const { person: by, reason } = options
        if ((account === undefined) === (by === undefined))
          throw new CliError(exitCodes.usage, 'name either an account or --person')
        const of =
          by === undefined
            ? { account }
            : { person: (await client.post('/v1/people/find', { by }, z.object({ id: z.uuid() }))).id }
        await client.send('POST', at(target, '/leave'), { ...of, reason })
        show(context, options, { target, ...of, state: 'left' }, () => 'left: gatehouse plan list --state held\n')
      }),
    )
}
