/** Time and attendance: shifts and punches of a person, corrections, and all of it for payroll. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import type { PunchView, ShiftView } from '../../api/acts/attendance.ts'
import { punchView, shiftView } from '../../api/schemas/attendance.ts'
import { exportFormats, punchKinds } from '../../model/events/punch.ts'
import { type CallOptions, type Context, describe, describeCall, givenOrRead, show, withClient } from '../command.ts'
import { print, writeTo } from '../download.ts'
import { plain } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable } from '../table.ts'
import { timeWithZone } from '../times.ts'

const days = '--from 2026-03-01 --to 2026-03-31'
const byHelp = 'employee number, person id, or - to read it from standard input'

export function attendanceCommand(context: Context): Command {
  return describe('attendance', 'Time and attendance: who worked when, without saying where', [
    `gatehouse attendance shifts 4711 ${days}`,
    `gatehouse attendance export ${days} --out march.csv`,
  ])
    .addCommand(shiftsCommand(context))
    .addCommand(punchesCommand(context))
    .addCommand(addCommand(context))
    .addCommand(voidCommand(context))
    .addCommand(exportCommand(context))
}

interface Range extends CallOptions {
  readonly from: string
  readonly to: string
  readonly reason?: string
}

function withRange(command: Command): Command {
  return command
    .requiredOption('--from <day>', 'the first day of work', toDay)
    .requiredOption('--to <day>', 'the last one', toDay)
    .option('--reason <text>', 'why, of whoever has not the role attendance: it goes into the audit trail')
}

function toDay(text: string): string {
  if (z.iso.date().safeParse(text).success) return text
  throw new InvalidArgumentError('It is a day such as 2026-03-28.')
}

function toNumber(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text
  throw new InvalidArgumentError('It is a number, as attendance punches shows it.')
}

function inRange({ from, to, reason }: Pick<Range, 'from' | 'to' | 'reason'>) {
  return { from, to, reason: reason ?? null }
}

function shiftsCommand(context: Context): Command {
  const command = describeCall('shifts', 'From when to when somebody worked, day by day', [
    `gatehouse attendance shifts 4711 ${days}`,
    `gatehouse attendance shifts 4711 ${days} --reason "asked by the works council" --json`,
  ]).argument('<person>', byHelp)
  return withRange(command).action((given: string, options: Range) =>
    withClient(context, options, async (client) => {
      const body = { by: await givenOrRead(context, given), ...inRange(options) }
      const { rows } = await client.post('/v1/attendance/shifts/list', body, z.object({ rows: z.array(shiftView) }))
      show(context, options, rows, (shifts) => formatShifts(shifts, context.terminal.colours))
    }),
  )
}

function formatShifts(shifts: readonly ShiftView[], colours: boolean): string {
  return formatTable(
    [
      { title: 'day', of: ({ day }) => day },
      { title: 'first in', of: ({ firstIn }) => firstIn },
      { title: 'last out', of: ({ lastOut }) => lastOut },
      { title: 'present', of: ({ presentMinutes }) => hours(presentMinutes) },
      { title: 'inside', of: ({ insideMinutes }) => hours(insideMinutes) },
      { title: 'breaks', of: ({ breakMinutes }) => hours(breakMinutes) },
      { title: 'to correct', of: ({ unpaired }) => (unpaired === 0 ? null : unpaired) },
    ],
    shifts,
    colours,
  )
}

/** `8:05`. */
function hours(minutes: number | null): string | null {
  return minutes === null ? null : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}

function punchesCommand(context: Context): Command {
  const command = describeCall('punches', 'Each punch of somebody, with what was corrected, by whom and why', [
    `gatehouse attendance punches 4711 ${days}`,
  ]).argument('<person>', byHelp)
  return withRange(command).action((given: string, options: Range) =>
    withClient(context, options, async (client) => {
      const body = { by: await givenOrRead(context, given), ...inRange(options) }
      const { rows } = await client.post('/v1/attendance/punches/list', body, z.object({ rows: z.array(punchView) }))
      show(context, options, rows, (punches) => formatPunches(punches, context.terminal.colours))
    }),
  )
}

function formatPunches(punches: readonly PunchView[], colours: boolean): string {
  return formatTable(
    [
      { title: 'number', of: ({ n }) => n },
      { title: 'at', of: ({ at }) => at },
      { title: 'punch', of: ({ punch }) => punch },
      { title: 'added by', of: ({ addedBy, addedByName }) => addedByName ?? addedBy },
      { title: 'taken back by', of: ({ voidedBy, voidedByName }) => voidedByName ?? voidedBy },
      { title: 'because', of: ({ voidedBecause, addedBecause }) => voidedBecause ?? addedBecause },
    ],
    punches,
    colours,
  )
}

function addCommand(context: Context): Command {
  return describeCall('add', 'Add a punch that no event told of', [
    'gatehouse attendance add 4711 --punch out --at 2026-03-28T17:05:00+01:00 --reason "left by the gate"',
  ])
    .argument('<person>', byHelp)
    .addOption(new Option('--punch <punch>', 'what it is').choices(punchKinds).makeOptionMandatory())
    .requiredOption('--at <time>', 'when, with Z or +01:00')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((given: string, options: CallOptions & { punch: string; at: string; reason: string }) =>
      withClient(context, options, async (client) => {
        const { punch, at, reason } = options
        const body = { by: await givenOrRead(context, given), punch, at: timeWithZone('--at', at), reason }
        const added = await client.post('/v1/attendance/punches', body, z.object({ n: z.number() }))
        show(context, options, added, ({ n }) => `added as number ${plain(n)}\n`)
      }),
    )
}

function voidCommand(context: Context): Command {
  return describeCall('void', 'Take a punch back: it stays to be seen, and does not count', [
    'gatehouse attendance void 1742 --reason "pressed the wrong key"',
  ])
    .argument('<number>', 'as `attendance punches` shows it', toNumber)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((n: string, { reason, ...options }: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/attendance/punches/${n}/void`, { reason })
        show(context, options, { n, voided: true }, () => 'taken back\n')
      }),
    )
}

function exportCommand(context: Context): Command {
  const { terminal } = context
  const command = describeCall('export', 'Shifts of everybody, for payroll; the last line holds control totals', [
    `gatehouse attendance export ${days} --out march.csv`,
    `gatehouse attendance export ${days} --format jsonl --reason "payroll of March" > march.jsonl`,
  ])
    .addOption(new Option('--format <format>', 'of the lines').choices(exportFormats).default('csv'))
    .option('--out <file>', 'a new file, readable by you alone; else standard output')
  return withRange(command).action((options: Range & { format: string; out?: string }) =>
    withClient(context, options, async (client) => {
      const { format, out } = options
      const chunks = client.download('/v1/attendance/export', { ...inRange(options), format })
      const work: Promise<unknown> = out === undefined ? print(terminal, chunks) : writeTo(out, chunks)
      await withProgress(terminal, 'exporting', work)
    }),
  )
}
