/** The commands that make, check and run a gateway on this machine. */
import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { type Role, roles } from '../../main/roles.ts'
import { type Context, describe, show } from '../command.ts'
import { exitCodes } from '../exit.ts'
import type { RunningGateway } from '../local.ts'
import { plain } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable, paint } from '../table.ts'

const configDefault = 'gatehouse.yaml'
const configOption = ['-c, --config <file>', 'configuration file', configDefault] as const

export function initCommand(context: Context): Command {
  const { terminal } = context
  return describe('init', 'Make the keys, the keyring and the first token of a new gateway', [
    'gatehouse init',
    'gatehouse init --config /etc/gatehouse/gatehouse.yaml --subject alex',
    'gatehouse init --demo',
  ])
    .option(...configOption)
    .option('--demo', 'stamp the keyring as one for made-up people')
    .option('--subject <name>', 'who gets the first token, with the role admin', userInfo().username)
    .option('--json', 'print JSON')
    .action(async (options: { config: string; demo?: boolean; subject: string; json?: boolean }) => {
      const { json, ...request } = options
      const local = await terminal.loadLocalGateway()
      const made = await withProgress(terminal, 'making keys and database', local.initGateway(request))
      show(context, options, made, ({ subject, ...paths }) => {
        const rows = [
          ['external key', paths.keyPath],
          ['keyring', paths.keyringPath],
          ['token', paths.tokenPath],
          ['subject', subject],
        ]
        return formatTable(
          [
            { title: 'made', of: ([name]) => name },
            { title: '', of: ([, value]) => value },
          ],
          rows,
          terminal.colours,
        )
      })
      for (const warning of made.warnings)
        terminal.err(`${paint('yellow', 'warning:', terminal.colours)} ${plain(warning)}\n`)
    })
}

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
      show(context, options, result, ({ facts, problems }) => {
        const told = formatTable(
          [
            { title: 'fact', of: (fact) => fact.name },
            { title: '', of: (fact) => fact.value },
          ],
          facts,
          terminal.colours,
        )
        const found = formatTable(
          [
            { title: 'severity', of: (problem) => problem.severity },
            { title: 'where', of: (problem) => problem.where },
            { title: 'problem', of: (problem) => problem.message },
          ],
          problems,
          terminal.colours,
        )
        return `${told}\nProblems: ${problems.length === 0 ? found : `\n${found}`}`
      })
      if (result.problems.some((problem) => problem.severity === 'error')) context.finish(exitCodes.problems)
    })
}

export function startCommand(context: Context): Command {
  const { terminal } = context
  return describe('start', 'Run the gateway until SIGTERM or SIGINT; a second one ends it at once', [
    'gatehouse start',
    'gatehouse start --config /etc/gatehouse/gatehouse.yaml --roles api,worker',
  ])
    .option(...configOption)
    .option('--roles <list>', `what this process does: ${roles.join(', ')}, separated by commas (all)`, toRoles)
    .action(async (options: { config: string; roles?: readonly Role[] }) => {
      let signals = 0
      let running: RunningGateway | undefined
      // From the very start: a signal while the database comes up must not leave it behind.
      const ignore = terminal.onSignal(() => {
        signals += 1
        if (signals > 1) terminal.exit(exitCodes.failed)
        terminal.err('stopping; a second signal ends it at once\n')
        stop(running)
      })
      let failure: { readonly error: unknown } | undefined
      function stop(gateway: RunningGateway | undefined): void {
        gateway?.stop().catch((error: unknown) => {
          failure = { error }
        })
      }
      try {
        const local = await terminal.loadLocalGateway()
        running = await local.startGateway(options)
        terminal.err(running.url === null ? 'running, without an API\n' : `listening on ${running.url}\n`)
        if (signals > 0) stop(running)
        await running.stopped
        if (failure !== undefined) throw failure.error
      } finally {
        ignore()
      }
    })
}

function toRoles(list: string): readonly Role[] {
  return list.split(',').map((name) => {
    const role = roles.find((known) => known === name.trim())
    if (role === undefined) throw new InvalidArgumentError(`Each is one of ${roles.join(', ')}.`)
    return role
  })
}

export function simulateCommand(context: Context): Command {
  return describe('simulate', 'Run a simulated door system on this machine, to try things with', [
    'gatehouse simulate biostar2',
    'gatehouse simulate biostar2 --port 8443 --people 50',
    'gatehouse simulate biostar2 --help',
  ])
    .argument('<system>', 'biostar2')
    .argument('[options...]', 'its own options')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (system: string, argv: string[]) => {
      if (system !== 'biostar2') {
        context.terminal.err(`error: there is no simulator for ${plain(system)}\n`)
        context.finish(exitCodes.usage)
        return
      }
      const { runSimulator } = await import('../../../connectors/biostar2/simulator/main.ts')
      try {
        if ((await runSimulator(argv)) !== 0) context.finish(exitCodes.failed)
      } catch (error) {
        // What it says about its own command line.
        if (!(error instanceof TypeError)) throw error
        context.terminal.err(`error: ${plain(error.message)}\n`)
        context.finish(exitCodes.usage)
      }
    })
}
