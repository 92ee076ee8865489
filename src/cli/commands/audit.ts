/** The audit trail: check it, take it out. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import type { Command } from 'commander'
import type { z } from 'zod'
import { pageOf } from '../../api/route.ts'
import { auditEntryView, auditVerdict } from '../../api/schemas/audit.ts'
import type { Client } from '../client.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { exitCodes } from '../exit.ts'
import { counted, plain, plainJson } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { paint } from '../table.ts'

const rowsPerPage = 500

export function auditCommand(context: Context): Command {
  return describe('audit', 'Check and export the audit trail', [
    'gatehouse audit verify',
    'gatehouse audit export --out audit.jsonl',
  ])
    .addCommand(verifyCommand(context))
    .addCommand(exportCommand(context))
}

function verifyCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('verify', 'Check every entry; exit code 5 when the trail is broken', [
    'gatehouse audit verify',
    'gatehouse audit verify --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const verdict = await withProgress(terminal, 'checking', client.get('/v1/audit/verify', auditVerdict))
      show(context, options, verdict, ({ ok, entries, head, brokenAt, why }) =>
        ok
          ? `${paint('green', 'whole', terminal.colours)}: ${counted(entries, 'entry', 'entries')}, head ${plain(head)}\n`
          : `${paint('red', 'broken', terminal.colours)} at entry ${plain(brokenAt)} of ${entries}: ${plain(why)}\n`,
      )
      if (!verdict.ok) context.finish(exitCodes.problems)
    }),
  )
}

function exportCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('export', 'Write all entries as JSON lines, oldest first', [
    'gatehouse audit export > audit.jsonl',
    'gatehouse audit export --out audit.jsonl',
  ])
    .option('--out <file>', 'a new file that only you can read, instead of standard output')
    .action((options: CallOptions & { out?: string }) =>
      withClient(context, options, async (client) => {
        const { out } = options
        const count = await withProgress(
          terminal,
          'exporting',
          out === undefined ? exportTo(client, (line) => terminal.out(line)) : exportToFile(client, out),
        )
        terminal.err(`${counted(count, 'entry', 'entries')}\n`)
      }),
    )
}

async function exportTo(client: Client, write: (line: string) => void): Promise<number> {
  let count = 0
  let after: string | null = null
  do {
    const query: URLSearchParams = new URLSearchParams({
      limit: String(rowsPerPage),
      ...(after === null ? {} : { after }),
    })
    const page: z.output<typeof auditPage> = await client.get(`/v1/audit?${query}`, auditPage)
    for (const row of page.rows) write(`${plainJson(row)}\n`)
    count += page.rows.length
    after = page.next
  } while (after !== null)
  return count
}

const auditPage = pageOf(auditEntryView)

async function exportToFile(client: Client, path: string): Promise<number> {
  // Never over an older export, and unreadable for others: reasons that people typed are in it.
  const file = openSync(path, 'wx', 0o600)
  try {
    return await exportTo(client, (line) => writeSync(file, line))
  } catch (error) {
    // Half a trail looks like a whole one.
    rmSync(path)
    throw error
  } finally {
    closeSync(file)
  }
}
