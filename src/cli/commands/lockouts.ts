/** Lock-outs: which are open, how far each one is, and for auditors as signed lines that are verified without a gateway. */
import { type Command, Option } from 'commander'
import { z } from 'zod'
import type { LockoutView } from '../../api/acts/lockouts.ts'
import { pageOf } from '../../api/route.ts'
import { listedStates, lockoutView } from '../../api/schemas/lockouts.ts'
import { type LockoutsVerdict, verifyLockouts } from '../../audit/lockout-lines.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { print, writeTo } from '../download.ts'
import { CliError, exitCodes } from '../exit.ts'
import { linesOf, pinnedIn } from '../offline.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, formatTable, paint } from '../table.ts'

const person = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'

export function lockoutsCommand(context: Context): Command {
  return describe('lockouts', 'The record of every lock-out: when the news came, each step, and how far it is proven', [
    'gatehouse lockouts list --state open',
    'gatehouse lockouts export --since 2026-03-01 --out march.jsonl',
    'gatehouse lockouts verify march.jsonl --key gatehouse-public.pem',
    `gatehouse lockouts sign-off ${person} --reason "the door is bricked up"`,
  ])
    .alias('lockout')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(exportCommand(context))
    .addCommand(signOffCommand(context))
    .addCommand(verifyCommand(context))
}

function signOffCommand(context: Context): Command {
  return describeCall('sign-off', 'Take it upon yourself, by name, that a lock-out is not proven', [
    `gatehouse lockouts sign-off ${person} --reason "the controller is out of its wall since Monday"`,
  ])
    .argument('<lockout>', 'its id, as `person show` and `lockouts export` give it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((id: string, { reason, ...options }: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/lockouts/${encodeURIComponent(id)}/sign-off`, { reason })
        show(context, options, { lockout: id, state: 'signed-off' }, () => 'signed off\n')
      }),
    )
}

interface ListOptions extends PageOptions, Decided {
  readonly state?: string
}

function listCommand(context: Context): Command {
  const { terminal } = context
  const command = describeList('list', 'List lock-outs, those that are open first, the newest of each', [
    'gatehouse lockouts list',
    'gatehouse lockouts list hq --state open',
    'gatehouse lockouts list --since 2026-03-01 --until 2026-03-02 --json',
    `gatehouse lockouts list --person ${person}`,
  ])
    .argument('[target]', 'only those at this target')
    .addOption(new Option('--state <state>', 'only those that are so').choices(listedStates))
  return decidedOptions(command).action((target: string | undefined, options: ListOptions) =>
    withClient(context, options, (client) => {
      const path = pagePath('/v1/lockouts', options, { state: options.state, target, ...decidedIn(options) })
      return showPage(context, client, options, { path, schema: pageOf(lockoutView) }, ({ rows }) =>
        formatLockouts(rows, terminal.colours),
      )
    }),
  )
}

function formatLockouts(rows: readonly LockoutView[], colours: boolean): string {
  const table = formatTable(
    [
      { title: 'lock-out', of: (lockout) => lockout.id },
      { title: 'state', of: (lockout) => lockout.state },
      { title: 'how far', of: howFar },
      { title: 'target', of: (lockout) => lockout.target },
      { title: 'because of', of: (lockout) => lockout.cause },
      { title: 'what', of: (lockout) => (lockout.credential === null ? 'all' : 'card') },
      { title: 'arrived', of: (lockout) => plainTime(lockout.arrivedAt) },
    ],
    rows,
    colours,
  )
  if (rows.every(({ state }) => state !== 'open')) return table
  return `${table}\nWhat is open is tried until it is proven; gatehouse status says what is wrong with its target.\n`
}

function howFar({ state, provenAt, arrivedAt, proof, acceptedAt, startedAt, endedAt }: LockoutView): string | null {
  if (state === 'proven' && provenAt !== null) return `${proof}, ${msBetween(arrivedAt, provenAt)} ms`
  if (state === 'open') return acceptedAt !== null ? 'accepted, unseen' : startedAt === null ? 'not begun' : 'begun'
  return state === 'not-provable' ? null : plainTime(endedAt)
}

const msBetween = (from: string, to: string): number => Date.parse(to) - Date.parse(from)

function showCommand(context: Context): Command {
  return describeCall('show', 'Show one lock-out: how far it is, and how long each step took', [
    `gatehouse lockouts show ${person}`,
    `gatehouse lockouts show ${person} --json`,
  ])
    .argument('<lockout>', 'its id')
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        const lockout = await client.get(`/v1/lockouts/${encodeURIComponent(id)}`, lockoutView)
        show(context, options, lockout, formatLockout)
      }),
    )
}

function formatLockout(lockout: LockoutView): string {
  const after = (at: string | null) =>
    at === null ? null : `${plainTime(at)}, after ${msBetween(lockout.arrivedAt, at)} ms`
  return formatPairs([
    ['state', lockout.state],
    ['target', lockout.target],
    ['because of', lockout.cause],
    ['person', lockout.person],
    ['what', lockout.credential === null ? 'the whole account' : `one card, ${lockout.credential}`],
    ['arrived', plainTime(lockout.arrivedAt)],
    ['decided', after(lockout.decidedAt)],
    ['started', after(lockout.startedAt)],
    ['accepted', after(lockout.acceptedAt)],
    ['proven', after(lockout.provenAt)],
    ['proof', lockout.proof],
    ['ended', after(lockout.endedAt)],
    ['requests', lockout.requests],
  ])
}

/** Which lock-outs, by when they were decided and whose they are. */
interface Decided {
  readonly since?: string
  readonly until?: string
  readonly person?: string
}

function decidedOptions(command: Command): Command {
  return command
    .option('--since <time>', 'decided then or later: a day (UTC) or a time such as 2026-03-01T08:00:00Z')
    .option('--until <time>', 'decided before')
    .option('--person <id>', 'only those of one person')
}

function decidedIn({ since, until, person: of }: Decided): Decided {
  return {
    ...(since === undefined ? {} : { since: timeIn('--since', since) }),
    ...(until === undefined ? {} : { until: timeIn('--until', until) }),
    ...(of === undefined ? {} : { person: of }),
  }
}

interface ExportOptions extends CallOptions, Decided {
  readonly out?: string
}

function exportCommand(context: Context): Command {
  const { terminal } = context
  const command = describeCall('export', 'Write lock-outs as signed JSON lines, by random ids only, oldest first', [
    'gatehouse lockouts export > lockouts.jsonl',
    'gatehouse lockouts export --since 2026-03-01 --until 2026-04-01 --out march.jsonl',
    `gatehouse lockouts export --person ${person}`,
  ])
  return decidedOptions(command)
    .option('--out <file>', 'a new file that only you can read, instead of standard output')
    .action((options: ExportOptions) =>
      withClient(context, options, async (client) => {
        const { out } = options
        const lines = client.download('/v1/lockouts/export', decidedIn(options))
        const work: Promise<unknown> = out === undefined ? print(terminal, lines) : writeTo(out, lines)
        await withProgress(terminal, 'exporting', work)
      }),
    )
}

const dayOrTime = z.union([z.iso.date().transform((day) => `${day}T00:00:00Z`), z.iso.datetime({ offset: true })])

function timeIn(option: string, text: string): string {
  const time = dayOrTime.safeParse(text).data
  if (time !== undefined) return time
  throw new CliError(exitCodes.usage, `${option} needs a day or a time, as in 2026-03-01 or 2026-03-01T08:00:00Z`)
}

function verifyCommand(context: Context): Command {
  const { terminal } = context
  return describe(
    'verify',
    'Check an export with a pinned public key, without a gateway; exit code 5 when it proves less',
    [
      'gatehouse lockouts verify march.jsonl --key gatehouse-public.pem',
      'gatehouse lockouts verify march.jsonl --key gatehouse-public.pem --json',
    ],
  )
    .argument('<file>', 'what `lockouts export` wrote')
    .requiredOption('--key <file>', 'the public key, as `keys public` printed it; several may be in the file')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { key: string; json?: boolean }) => {
      const keys = await pinnedIn(options.key)
      const verdict = await withProgress(terminal, 'checking', verifyLockouts(linesOf(file), keys))
      show(context, options, verdict, (seen) => formatVerdict(seen, terminal.colours))
      if (!verdict.ok || verdict.states['not-provable'] > 0) context.finish(exitCodes.problems)
    })
}

const faults: Record<NonNullable<LockoutsVerdict['why']>, string> = {
  malformed: 'is no line of an export of lock-outs',
  'unknown-key': 'is signed with a key that is not in the key file',
  forged: 'was changed after it was signed',
  foreign: 'comes from another gateway than the lines before',
  'cut-off': 'is missing: the line that ends an export',
  incomplete: 'counts other lines than these: some are missing, were added or stand elsewhere',
  'after-end': 'stands behind the end of the export',
}

function formatVerdict(verdict: LockoutsVerdict, colours: boolean): string {
  const { states, proofs, slowestMs, end, gateway } = verdict
  if (verdict.why !== null)
    return `${paint('red', 'broken', colours)}: line ${plain(verdict.brokenAt)} ${faults[verdict.why]}\n`
  const levels = Object.entries(proofs).map(([proof, count]) => `${count} ${plain(proof)}`)
  const of = levels.length === 0 ? '' : ` (${levels.join(', ')}; the slowest after ${plain(slowestMs)} ms)`
  const forged = states['not-provable']
  return [
    `${paint('green', 'whole', colours)}: ${counted(verdict.lockouts, 'lock-out')} of gateway ${plain(gateway)}, exported ${plain(end?.exportedAt)}\n`,
    `  ${states.proven} proven${of}, ${states.open} open, ${states['taken-back']} taken back, ${states['signed-off']} signed off\n`,
    ...(forged === 0
      ? []
      : [`  ${paint('red', `${forged} not provable`, colours)}: somebody else wrote to the gateway's table\n`]),
  ].join('')
}
