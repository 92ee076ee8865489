/** Enrolment windows: what is enrolled for a person while one is open is expected. */
import type { Command } from 'commander'
import { pageOf } from '../../api/route.ts'
import { enrolmentView } from '../../api/schemas/suspensions.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { plain, plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'
import { byHelp, withPerson } from '../with-person.ts'

export function enrolmentCommand(context: Context): Command {
  return describe('enrolment', 'Say that a finger, a face, a card or a PIN is to be enrolled for a person', [
    'gatehouse enrolment open 4711 --for 30m --reason "new employee, at the reception"',
    'gatehouse enrolment list',
    'gatehouse enrolment close 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "done"',
  ])
    .addCommand(openCommand(context))
    .addCommand(closeCommand(context))
    .addCommand(listCommand(context))
}

function openCommand(context: Context): Command {
  return describeCall('open', 'Open a window for one person; it ends by itself', [
    'gatehouse enrolment open 4711 --for 30m --reason "new employee, at the reception"',
  ])
    .argument('<person>', byHelp)
    .requiredOption('--for <duration>', 'how long, such as 30m; eight hours at most')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((by: string, options: CallOptions & { readonly for: string; readonly reason: string }) =>
      withPerson(context, options, by, async (client, id) => {
        const request = { for: options.for, reason: options.reason }
        const window = await client.post(`/v1/people/${id}/enrolments`, request, enrolmentView)
        show(context, options, window, () => `open until ${plainTime(window.until)}: enrolment ${plain(window.id)}\n`)
      }),
    )
}

function closeCommand(context: Context): Command {
  return describeCall('close', 'End a window before its time', [
    'gatehouse enrolment close 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "done"',
  ])
    .argument('<enrolment>', 'id, as `enrolment list` shows it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((enrolment: string, options: CallOptions & { readonly reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/enrolments/${encodeURIComponent(enrolment)}/close`, { reason: options.reason })
        show(context, options, { closed: enrolment }, () => 'closed\n')
      }),
    )
}

function listCommand(context: Context): Command {
  const { terminal } = context
  return describeList('list', 'List windows that are open, newest first', ['gatehouse enrolment list --all'])
    .option('--all', 'also those that are over')
    .action((options: PageOptions & { readonly all?: true }) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/enrolments', options, { all: options.all === true ? 'true' : undefined })
        return showPage(context, client, options, { path, schema: pageOf(enrolmentView) }, ({ rows }) =>
          formatTable(
            [
              { title: 'enrolment', of: (row) => row.id },
              { title: 'person', of: (row) => row.person },
              { title: 'until', of: (row) => plainTime(row.closedAt ?? row.until) },
              { title: 'state', of: (row) => (row.forged ? 'forged' : row.closedAt === null ? '' : 'closed') },
            ],
            rows,
            terminal.colours,
          ),
        )
      }),
    )
}
