/** Alarms: what is on, and what to do. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { AlarmView } from '../../api/acts/alarms.ts'
import { alarmView } from '../../api/schemas/alarms.ts'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { plain, plainTime, wrapped } from '../plain.ts'
import { formatTable } from '../table.ts'

export function alarmsCommand(context: Context): Command {
  return describeCall('alarms', 'Show what is on, since when, and what to do about it', [
    'gatehouse alarms',
    'gatehouse alarms --all --json',
  ])
    .option('--all', 'also those that are over, of the last 30 days')
    .action((options: CallOptions & { all?: boolean }) =>
      withClient(context, options, async (client) => {
        const { alarms } = await client.get(`/v1/alarms${options.all === true ? '?all=true' : ''}`, answer)
        show(context, options, alarms, (rows) => formatAlarms(rows, context.terminal.colours))
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
