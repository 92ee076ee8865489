/** Checks a gateway before it runs, and says what to do next. */
import type { Command } from 'commander'
import { type Context, configOption, describe, nextCommand, show } from '../command.ts'
import { exitCodes } from '../exit.ts'
import type { CheckResult } from '../local.ts'
import { counted, plain, wrapped } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, paint } from '../table.ts'

export function checkCommand(context: Context): Command {
  const { terminal } = context
  return describe(
    'check',
    'Check configuration, keys, database, queue, sources and targets without changing anything',
    ['gatehouse check', 'gatehouse check --config /etc/gatehouse/gatehouse.yaml --json'],
  )
    .option(...configOption)
    .option('--json', 'print JSON')
    .action(async (options: { config: string; json?: boolean }) => {
      const local = await terminal.loadLocalGateway()
      const result = await withProgress(terminal, 'checking', local.checkGateway({ config: options.config }))
      show(context, options, result, (found) => formatCheck(found, options.config, terminal.colours))
      if (result.problems.some(({ severity }) => severity === 'error')) context.finish(exitCodes.problems)
    })
}

function formatCheck({ facts, problems }: CheckResult, config: string, colours: boolean): string {
  const indent = '         '
  const told = facts.length === 0 ? [] : [formatPairs(facts.map(({ name, value }) => [name, value]))]
  const found = problems.map(({ severity, where, message }) => {
    const label = paint(severity === 'error' ? 'red' : 'yellow', severity.padEnd(indent.length), colours)
    return `${label}${plain(where)}\n${wrapped(message, indent)}\n`
  })
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return [...told, ...found, conclusion(errors, problems.length - errors, config)].join('\n')
}

function conclusion(errors: number, warnings: number, config: string): string {
  const alsoWarned = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`
  if (errors > 0) return `${counted(errors, 'error')}${alsoWarned}. Mend what is wrong, then check again.\n`
  return `No errors${alsoWarned}. ${nextCommand('start', config)}`
}
