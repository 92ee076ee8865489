/** Alarms: what is on, and what to do. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { AlarmView } from '../../api/acts/alarms.ts'
import { alarmTestView, alarmView } from '../../api/schemas/alarms.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { exitCodes } from '../exit.ts'
import { plain, plainTime, wrapped } from '../plain.ts'
import { formatTable } from '../table.ts'

export function alarmsCommand(context: Context): Command {
  return describeCall('alarms', 'Show what is on, since when, and what to do about it', [
    'gatehouse alarms',
    'gatehouse alarms --all --json',
  ])
    .option('--all', 'also those that are over, of the last 30 days')
    .addCommand(testCommand(context))
    .addCommand(clearCommand(context))
    .action((options: CallOptions & { all?: boolean }) =>
      withClient(context, options, async (client) => {
        const { alarms } = await client.get(`/v1/alarms${options.all === true ? '?all=true' : ''}`, answer)
        show(context, options, alarms, (rows) => formatAlarms(rows, context.terminal.colours))
      }),
    )
}

function testCommand(context: Context): Command {
  return describeCall('test', 'Send the receiver of alarms a message that is of none', [
    'gatehouse alarms test',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const result = await client.post('/v1/alarms/test', undefined, alarmTestView)
      show(context, options, result, ({ taken, code, tookMs }) =>
        taken ? `taken, after ${tookMs} ms\n` : `not taken: ${plain(code)}, after ${tookMs} ms\n`,
      )
      if (!result.taken) context.finish(exitCodes.problems)
    }),
  )
}

function clearCommand(context: Context): Command {
  return describeCall('clear', 'Say that an alarm was looked into which nothing else ends', [
    'gatehouse alarms clear guard.failed 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "restored from the backup"',
    'gatehouse alarms clear audit.broken truncated --reason "compared with the export of Monday"',
  ])
    .argument('<code>', 'as `alarms` shows it; most end by themselves, and are refused here')
    .argument('<scope>', 'what it is of, as `alarms` shows it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((code: string, scope: string, { reason, ...options }: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', '/v1/alarms/clear', { code, scope, reason })
        show(context, options, { code, scope, state: 'cleared' }, () => 'cleared\n')
      }),
    )
}

const answer = z.object({ alarms: z.array(alarmView).readonly() })

function formatAlarms(rows: readonly AlarmView[], colours: boolean): string {
  const table = formatTable(
    [
      { title: 'alarm', of: (alarm) => alarm.code },
      { title: 'of', of: (alarm) => alarm.scope },
      { title: 'count', of: (alarm) => alarm.count, right: true },
      { title: 'since', of: (alarm) => plainTime(alarm.since) },
      { title: 'over', of: (alarm) => plainTime(alarm.clearedAt) },
    ],
    rows,
    colours,
  )
  const actions = new Map(
    rows.flatMap(({ code, action, clearedAt }) => (clearedAt === null && action !== null ? [[code, action]] : [])),
  )
  const advice = [...actions].map(([code, action]) => `${plain(code)}\n${wrapped(action, '  ')}\n`)
  return advice.length === 0 ? table : `${table}\nWhat to do\n${advice.join('')}`
}
