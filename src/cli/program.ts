/** The command line as a whole: its commands, its help, and how each run ends. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Help, type Option } from 'commander'
import type { Context } from './command.ts'
import { alarmsCommand } from './commands/alarms.ts'
import { archiveCommand } from './commands/archive.ts'
import { attendanceCommand } from './commands/attendance.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand, restoreCommand } from './commands/backup.ts'
import { cardCommand } from './commands/card.ts'
import { checkCommand } from './commands/check.ts'
import { configCommand } from './commands/config.ts'
import { deliveriesCommand } from './commands/deliveries.ts'
import { driftCommand } from './commands/drift.ts'
import { enrolmentCommand } from './commands/enrolment.ts'
import { erasureCommand } from './commands/erasure.ts'
import { eventsCommand } from './commands/events.ts'
import { failuresCommand } from './commands/failures.ts'
import { frozenCommand } from './commands/frozen.ts'
import { initCommand, simulateCommand, startCommand } from './commands/gateway.ts'
import { grantCommand } from './commands/grant.ts'
import { keysCommand } from './commands/keys.ts'
import { levelsCommand } from './commands/levels.ts'
import { lockoutsCommand } from './commands/lockouts.ts'
import { matchCommand } from './commands/match.ts'
import { personCommand } from './commands/person.ts'
import { pinCommand } from './commands/pin.ts'
import { planCommand } from './commands/plan.ts'
import { sourceCommand } from './commands/source.ts'
import { statusCommand, syncCommand } from './commands/status.ts'
import { subscriptionsCommand } from './commands/subscriptions.ts'
import { suspensionsCommand } from './commands/suspensions.ts'
import {
  enableCommand,
  freezeCommand,
  observeCommand,
  pauseCommand,
  resumeCommand,
  settleCommand,
  unfreezeCommand,
} from './commands/target.ts'
import { tokenCommand } from './commands/token.ts'
import { CliError, describeError, type ExitCode, exitCodeHelp, exitCodes } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** `argv` without program and script. Never rejects: the exit code says how it went. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const program = createProgram({
    terminal,
    finish: (given) => {
      code = given
    },
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // Commander has printed its own help or complaint by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    terminal.err(`error: ${describeError(error)}\n`)
    return error instanceof CliError ? error.exitCode : exitCodes.failed
  }
}

export function createProgram(context: Context): Command {
  const { terminal } = context
  const program = new Command('gatehouse')
    .description('Gatehouse decides who may open which door, and tells the door systems.')
    .version(version())
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `\nExamples:\n  $ gatehouse init && gatehouse check && gatehouse start\n  $ gatehouse status\n${exitCodeHelp}`,
    )
  const commands = [
    ...[initCommand, checkCommand, startCommand, simulateCommand],
    ...[
      statusCommand,
      syncCommand,
      sourceCommand,
      planCommand,
      configCommand,
      personCommand,
      matchCommand,
      erasureCommand,
      driftCommand,
      settleCommand,
      enableCommand,
      observeCommand,
      cardCommand,
      grantCommand,
      pinCommand,
      attendanceCommand,
      enrolmentCommand,
      pauseCommand,
      resumeCommand,
      freezeCommand,
      unfreezeCommand,
      levelsCommand,
      subscriptionsCommand,
      deliveriesCommand,
    ],
    ...[
      alarmsCommand,
      failuresCommand,
      frozenCommand,
      suspensionsCommand,
      archiveCommand,
      auditCommand,
      lockoutsCommand,
      eventsCommand,
      keysCommand,
      tokenCommand,
    ],
    ...[backupCommand, restoreCommand],
  ]
  for (const make of commands) program.addCommand(make(context))
  settle(program, terminal)
  return program
}

// Commander's settings are inherited only by commands made with `.command()`.
function settle(command: Command, terminal: Terminal): void {
  command.exitOverride()
  command.showHelpAfterError('(try --help)')
  command.configureHelp({ optionDescription })
  command.configureOutput({
    writeOut: (text) => terminal.out(text),
    writeErr: (text) => terminal.err(text),
    getOutHasColors: () => terminal.colours,
  })
  for (const inner of command.commands) settle(inner, terminal)
}

/** A command line without these is refused, so its help says which they are. */
function optionDescription(option: Option): string {
  const text = new Help().optionDescription(option)
  return option.mandatory ? `${text} (required)` : text
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
