/** Erasures: what is under way, what was stated about one, and a target that is gone for good. */
import type { Command } from 'commander'
import type { z } from 'zod'
import { pageOf } from '../../api/route.ts'
import { erasureView } from '../../api/schemas/erasures.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { plain, plainTime } from '../plain.ts'
import { formatPairs, formatTable } from '../table.ts'

const id = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'

type Erasure = z.output<typeof erasureView>

export function erasureCommand(context: Context): Command {
  return describe('erasure', 'People who are being erased, or were: `gatehouse person erase` begins one', [
    'gatehouse erasure list',
    `gatehouse erasure show ${id}`,
    `gatehouse erasure show ${id} --signed > erasure.jsonl`,
  ])
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(signOffCommand(context))
}

function listCommand(context: Context): Command {
  const { terminal } = context
  return describeList('list', 'List erasures, newest first', [
    'gatehouse erasure list',
    'gatehouse erasure list --json',
  ]).action((options: PageOptions) =>
    withClient(context, options, (client) => {
      const path = pagePath('/v1/erasures', options)
      return showPage(context, client, options, { path, schema: pageOf(erasureView) }, ({ rows }) =>
        formatTable(
          [
            { title: 'erasure', of: (erasure) => erasure.id },
            { title: 'asked for', of: (erasure) => plainTime(erasure.askedAt) },
            { title: 'state', of: (erasure) => erasure.state },
            { title: 'deleted', of: (erasure) => plainTime(erasure.deletedAt) },
            { title: 'waits for', of: waitsFor },
          ],
          rows,
          terminal.colours,
        ),
      )
    }),
  )
}

function waitsFor({ accounts }: Erasure): string {
  const targets = accounts.filter(({ outcome }) => outcome === null).map(({ target }) => target)
  return targets.length === 0 ? '-' : targets.join(', ')
}

function showCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('show', 'Show how far one is, and its signed statements', [
    `gatehouse erasure show ${id}`,
    `gatehouse erasure show ${id} --signed > erasure.jsonl`,
  ])
    .argument('<erasure>', 'its id, as `erasure list` shows it')
    .option('--signed', 'print the signed lines alone, for an auditor')
    .action((erasure: string, options: CallOptions & { signed?: boolean }) =>
      withClient(context, options, async (client) => {
        const found = await client.get(`/v1/erasures/${encodeURIComponent(erasure)}`, erasureView)
        const lines = [found.statement, found.closing].flatMap((line) => line ?? [])
        if (options.signed === true) terminal.out(lines.map((line) => `${plain(line)}\n`).join(''))
        else show(context, options, found, (each) => format(each, terminal.colours))
      }),
    )
}

function format(erasure: Erasure, colours: boolean): string {
  return [
    formatPairs([
      ['erasure', erasure.id],
      ['asked for', `${plainTime(erasure.askedAt)} by ${plain(erasure.askedBy)}`],
      ['state', erasure.state],
      ['deleted here', plainTime(erasure.deletedAt)],
      ['backups closed', plainTime(erasure.backupsUnreadableSince)],
      ['import allowed', plainTime(erasure.liftedAt)],
    ]),
    formatTable(
      [
        { title: 'target', of: ({ target }) => target },
        { title: 'account', of: ({ outcome }) => outcome ?? 'waits' },
        { title: 'at', of: ({ at }) => plainTime(at) },
      ],
      erasure.accounts,
      colours,
    ),
  ].join('\n')
}

function signOffCommand(context: Context): Command {
  return describeCall('sign-off', 'Do without a target that is gone for good: its account is stated as not removed', [
    `gatehouse erasure sign-off ${id} --target annex --reason "sold with the building"`,
  ])
    .argument('<erasure>', 'its id, as `erasure list` shows it')
    .requiredOption('--target <target>', 'as configured, or as it was')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((erasure: string, options: CallOptions & { target: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const { target, reason } = options
        await client.send('POST', `/v1/erasures/${encodeURIComponent(erasure)}/sign-off`, { target, reason })
        show(context, options, { erasure, target, outcome: 'signed-off' }, () => 'signed off\n')
      }),
    )
}
