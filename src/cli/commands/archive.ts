/** Archived deliveries: list, open, destroy. */
import type { Command } from 'commander'
import { pageOf } from '../../api/route.ts'
import { archiveView } from '../../api/schemas/archives.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { writeTo } from '../download.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable } from '../table.ts'

const id = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'

export function archiveCommand(context: Context): Command {
  return describe('archive', 'Deliveries that were kept, sealed: look at one again, or destroy it early', [
    'gatehouse archive list hr',
    `gatehouse archive open ${id} --out workers.csv --reason "HR asks what was delivered on Monday"`,
    `gatehouse archive destroy ${id} --reason "delivered by mistake"`,
  ])
    .addCommand(listCommand(context))
    .addCommand(openCommand(context))
    .addCommand(destroyCommand(context))
}

function listCommand(context: Context): Command {
  const { terminal } = context
  return describeList('list', 'List what is kept, newest first', [
    'gatehouse archive list',
    'gatehouse archive list hr --json',
  ])
    .argument('[source]', 'only those of this source')
    .action((source: string | undefined, options: PageOptions) =>
      withClient(context, options, (client) => {
        const path = pagePath('/v1/archives', options, { source })
        return showPage(context, client, options, { path, schema: pageOf(archiveView) }, ({ rows }) =>
          formatTable(
            [
              { title: 'archive', of: (archive) => archive.id },
              { title: 'source', of: (archive) => archive.source },
              { title: 'taken in', of: (archive) => plainTime(archive.createdAt) },
              { title: 'destroyed at', of: (archive) => plainTime(archive.expiresAt) },
              { title: 'bytes', of: (archive) => archive.bytes, right: true },
              { title: 'state', of: (archive) => archive.state },
            ],
            rows,
            terminal.colours,
          ),
        )
      }),
    )
}

function openCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('open', 'Write a delivery, as it came, into a new file: plain personal data', [
    `gatehouse archive open ${id} --out workers.csv --reason "HR asks what was delivered on Monday"`,
  ])
    .argument('<archive>', 'its id, as `archive list` shows it')
    .requiredOption('--out <file>', 'a new file that only you can read')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((archive: string, options: CallOptions & { out: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const { out, reason } = options
        const path = `/v1/archives/${encodeURIComponent(archive)}/open`
        const bytes = await withProgress(terminal, 'opening', writeTo(out, client.download(path, { reason })))
        terminal.err(`${plain(out)} is plain personal data: keep it from others, and delete it when you are done\n`)
        show(context, options, { archive, out, bytes }, () => `${counted(bytes, 'byte')}\n`)
      }),
    )
}

function destroyCommand(context: Context): Command {
  return describeCall('destroy', 'Destroy a kept delivery now instead of at its time: nothing brings it back', [
    `gatehouse archive destroy ${id} --reason "delivered by mistake"`,
  ])
    .argument('<archive>', 'its id, as `archive list` shows it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((archive: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const { reason } = options
        await client.send('POST', `/v1/archives/${encodeURIComponent(archive)}/destroy`, { reason })
        show(context, options, { archive, state: 'destroyed' }, () => 'destroyed\n')
      }),
    )
}
