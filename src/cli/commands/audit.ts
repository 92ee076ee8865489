/** The audit trail: check it, write down where it ends, take it out, and check what was taken out without a gateway. */
import type { Command } from 'commander'
import type { z } from 'zod'
import { auditVerdict } from '../../api/schemas/audit.ts'
import { type AuditHead, parseHead } from '../../audit/entry.ts'
import { type ExportEnding, readEnding } from '../../audit/export-lines.ts'
import { pinnedKeys } from '../../audit/signed-line.ts'
import { type AuditExportVerdict, verifyExport } from '../../audit/verify-export.ts'
import { formatBreak } from '../audit-text.ts'
import type { Client } from '../client.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { print, writeTo } from '../download.ts'
import { CliError, exitCodes } from '../exit.ts'
import { linesOf, pinnedIn } from '../offline.ts'
import { counted, plain } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { paint } from '../table.ts'

const head = '1742:9f2c6a0d…'

export function auditCommand(context: Context): Command {
  return describe('audit', 'Check and export the audit trail', [
    'gatehouse audit verify',
    'gatehouse audit head >> /mnt/elsewhere/heads',
    'gatehouse audit export --out audit.jsonl',
    'gatehouse audit verify --file audit.jsonl --key gatehouse-public.pem',
  ])
    .addCommand(verifyCommand(context))
    .addCommand(headCommand(context))
    .addCommand(exportCommand(context))
}

interface VerifyOptions extends CallOptions {
  readonly head?: string
  readonly file?: string
  readonly key?: string
  readonly config?: string
}

function verifyCommand(context: Context): Command {
  return describeCall('verify', 'Check every entry; exit code 5 when the trail, or an export of it, is broken', [
    'gatehouse audit verify',
    `gatehouse audit verify --head ${head}`,
    'gatehouse audit verify --file audit.jsonl --key gatehouse-public.pem',
    `gatehouse audit verify --file audit.jsonl --config gatehouse.yaml --head ${head}`,
  ])
    .option('--head <seq:hash>', 'what `audit head` printed before: this very entry must still be there')
    .option(
      '--file <file>',
      'check what `audit export` wrote instead, without a gateway; needs --key, --config or both',
    )
    .option('--key <file>', 'with --file: the public key, as `keys public` printed it; several may be in the file')
    .option('-c, --config <file>', 'with --file: configuration that names the keyring, to check every signature itself')
    .action((options: VerifyOptions) => (options.file === undefined ? verifyStored : verifyFile)(context, options))
}

async function verifyStored(context: Context, options: VerifyOptions): Promise<void> {
  const { terminal } = context
  if (options.key !== undefined || options.config !== undefined)
    throw new CliError(exitCodes.usage, '--key and --config are for what --file names: a gateway has its own keys')
  if (options.head !== undefined) headIn(options.head)
  await withClient(context, options, async (client) => {
    const verdict = await withProgress(terminal, 'checking', verdictOf(client, options.head))
    show(context, options, verdict, (found) =>
      found.ok ? whole(`head ${plain(found.head)}`, found, terminal.colours) : formatBreak(found, terminal.colours),
    )
    if (!verdict.ok) context.finish(exitCodes.problems)
  })
}

function verdictOf(client: Client, expected?: string): Promise<z.output<typeof auditVerdict>> {
  const query = expected === undefined ? '' : `?${new URLSearchParams({ head: expected })}`
  return client.get(`/v1/audit/verify${query}`, auditVerdict)
}

async function verifyFile(context: Context, options: VerifyOptions): Promise<void> {
  const { terminal } = context
  const { file = '', key, config } = options
  if (key === undefined && config === undefined)
    throw new CliError(exitCodes.usage, '--file needs --key, --config or both: nothing is believed without a key')
  const expectedHead = options.head === undefined ? undefined : headIn(options.head)
  const local = config === undefined ? null : await terminal.loadLocalGateway()
  const vault = config === undefined || local === null ? null : await local.openKeys({ config })
  const pinned = new Map([
    ...(key === undefined ? [] : await pinnedIn(key)),
    ...(vault === null ? [] : pinnedKeys(vault.signing.publicKey)),
  ])
  const checking = verifyExport(linesOf(file), { pinned, vault }, expectedHead === undefined ? {} : { expectedHead })
  const verdict = await withProgress(terminal, 'checking', checking)
  show(context, options, verdict, (found) =>
    found.ok ? whole(exportedBy(found), found, terminal.colours) : formatBreak(found, terminal.colours),
  )
  if (!verdict.ok) context.finish(exitCodes.problems)
}

function headIn(text: string): AuditHead {
  try {
    return parseHead(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CliError(exitCodes.usage, `--head: ${error.message}`)
  }
}

function exportedBy({ head: last, gateway, exportedAt }: AuditExportVerdict): string {
  return `head ${plain(last)}\n  of gateway ${plain(gateway)}, exported ${plain(exportedAt)}`
}

function whole(what: string, { entries }: { readonly entries: number }, colours: boolean): string {
  return `${paint('green', 'whole', colours)}: ${counted(entries, 'entry', 'entries')}, ${what}\n`
}

function headCommand(context: Context): Command {
  const { terminal } = context
  return describeCall(
    'head',
    'Check every entry, and print the number and hash of the last one, to be kept elsewhere',
    [
      'gatehouse audit head >> /mnt/elsewhere/heads',
      'gatehouse audit verify --head "$(tail -n 1 /mnt/elsewhere/heads)"',
    ],
  ).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const verdict = await withProgress(terminal, 'checking', verdictOf(client))
      if (!verdict.ok) {
        // Never on standard output: what is kept there must be the head of a whole trail.
        terminal.err(formatBreak(verdict, false))
        context.finish(exitCodes.problems)
        return
      }
      if (verdict.head === null) throw new CliError(exitCodes.failed, 'nothing is in the audit trail yet')
      show(context, options, { head: verdict.head }, (found) => `${plain(found.head)}\n`)
    }),
  )
}

function exportCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('export', 'Write all entries as JSON lines that `audit verify --file` checks, oldest first', [
    'gatehouse audit export --out audit.jsonl',
    'gatehouse audit export --sealed > audit-sealed.jsonl',
  ])
    .option('--out <file>', 'a new file that only you can read, instead of standard output')
    .option('--sealed', 'leave out what details say in clear: reasons, and names in them')
    .action((options: CallOptions & { out?: string; sealed?: boolean }) =>
      withClient(context, options, async (client) => {
        const { out, sealed = false } = options
        const found: { ending?: ExportEnding } = {}
        const chunks = untilEnding(client.download('/v1/audit/export', { sealed }), found)
        const work: Promise<unknown> = out === undefined ? print(terminal, chunks) : writeTo(out, chunks)
        await withProgress(terminal, 'exporting', work)
        // It is there, or the stream has failed.
        const ending = found.ending as ExportEnding
        terminal.err(`${counted(ending.lines, 'entry', 'entries')}, head ${plain(ending.head)}\n`)
        if (ending.why === null) return
        terminal.err(formatBreak(ending, false))
        context.finish(exitCodes.problems)
      }),
    )
}

/** More than the last line is long. */
const endLength = 4_096

/** Fails with the stream, so that no file of an answer without its last line stays behind. */
async function* untilEnding(
  chunks: AsyncIterable<Uint8Array>,
  found: { ending?: ExportEnding },
): AsyncGenerator<Uint8Array> {
  let end = ''
  for await (const chunk of chunks) {
    end = (end + Buffer.from(chunk.subarray(-endLength)).toString('latin1')).slice(-endLength)
    yield chunk
  }
  const ending = readEnding(end.trimEnd().split('\n').at(-1) ?? '')
  if (ending === null) throw new CliError(exitCodes.failed, 'the answer is not that of a gateway of this version')
  found.ending = ending
}
