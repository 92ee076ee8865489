/** People of whom nothing is decided, since a row of theirs was changed outside Gatehouse: list, thaw. */
import type { Command } from 'commander'
import { z } from 'zod'
import { pageOf } from '../../api/route.ts'
import { frozenView, thawedView } from '../../api/schemas/frozen.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { plain, plainTime } from '../plain.ts'
import { formatPairs, formatTable } from '../table.ts'

const person = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'

export function frozenCommand(context: Context): Command {
  return describe('frozen', 'People of whom nothing is decided, since somebody changed their rows', [
    'gatehouse frozen list',
    `gatehouse frozen thaw ${person} --reason "the intruder is out of the database"`,
  ])
    .addCommand(listCommand(context))
    .addCommand(thawCommand(context))
}

function listCommand(context: Context): Command {
  const { terminal } = context
  return describeList('list', 'List them by id: gatehouse person show can not show them', [
    'gatehouse frozen list',
  ]).action((options: PageOptions) =>
    withClient(context, options, (client) => {
      const path = pagePath('/v1/frozen', options)
      return showPage(context, client, options, { path, schema: pageOf(frozenView) }, ({ rows }) =>
        formatTable(
          [
            { title: 'person', of: (row) => row.person },
            { title: 'accounts stopped', of: (row) => row.accounts.length, right: true },
            { title: 'since', of: (row) => plainTime(row.since) },
          ],
          rows,
          terminal.colours,
        ),
      )
    }),
  )
}

function thawCommand(context: Context): Command {
  return describeCall('thaw', 'Drop what can not be trusted, and lock the person until you unlock them', [
    `gatehouse frozen thaw ${person} --reason "the intruder is out of the database"`,
  ])
    .argument('<person>', 'id of the person, as `frozen list` shows it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, { reason, ...options }: CallOptions & { reason: string }) => {
      // Nothing else goes into a URL: an employee number would end up in the log of a proxy.
      if (!z.uuid().safeParse(id).success)
        throw new CliError(exitCodes.usage, 'name the person by id, as gatehouse frozen list shows it')
      return withClient(context, options, async (client) => {
        const thawed = await client.post(`/v1/frozen/${encodeURIComponent(id)}/thaw`, { reason }, thawedView)
        show(context, options, thawed, ({ records, cards, grants, accounts, lost, lockouts }) =>
          [
            `locked everywhere, ${lockouts.length} to be proven\n`,
            formatPairs([
              ['records dropped, to be delivered again', records],
              ['cards that count as lost', cards],
              ['rights by name dropped', grants],
              ['accounts closed', accounts],
            ]),
            ...lost.map(({ account, target }) => `close by hand at ${plain(target)}: account ${plain(account)}\n`),
            `Next: have the sources deliver again, then gatehouse person unlock ${plain(id)}\n`,
          ].join(''),
        )
      })
    })
}
