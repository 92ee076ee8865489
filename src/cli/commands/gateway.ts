/** The commands that make and run a gateway, or a simulated door system, on this machine. */
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { type Role, roles } from '../../main/roles.ts'
import { dataDefault } from '../bearer.ts'
import { type Context, configOption, describe, nextCommand, show, urlDefault } from '../command.ts'
import { CliError, describeError, exitCodes } from '../exit.ts'
import type { InitResult, RunningGateway } from '../local.ts'
import { plain } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, paint } from '../table.ts'

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
      show(context, options, made, (paths) => formatMade(paths, options))
      for (const warning of made.warnings)
        terminal.err(`${paint('yellow', 'warning:', terminal.colours)} ${plain(warning)}\n`)
    })
}

function formatMade(made: InitResult, { config, subject }: { config: string; subject: string }): string {
  return [
    formatPairs([
      ['external key', made.keyPath],
      ['keyring', made.keyringPath],
      ['token', `${made.tokenPath} (${subject}, role admin)`],
    ]),
    'Keep copies of the external key and of the keyring, in two places: without them nothing can be opened any more.',
    ...findingIt(dirname(made.tokenPath)),
    nextCommand('check', config),
  ].join('\n')
}

/** What commands that call the gateway must be told, where they would not find the token by themselves. */
function findingIt(folder: string): readonly string[] {
  return resolve(dataDefault) === folder
    ? []
    : [`Other commands find the token with: export GATEHOUSE_DATA=${plain(folder)}`]
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
        running = await local.startGateway(options).catch(asUsage)
        terminal.err(running.url === null ? 'running, without an API\n' : `listening on ${running.url}\n`)
        if (running.url !== null) terminal.err(`next: gatehouse status${urlOption(running.url)}\n`)
        if (signals > 0) stop(running)
        await running.stopped
        if (failure !== undefined) throw failure.error
      } finally {
        ignore()
      }
    })
}

/** Roles that make no sense with this configuration are a mistake of the command line. */
function asUsage(error: unknown): never {
  const isUsage = error instanceof Error && 'code' in error && error.code === 'gateway.roles-alone'
  throw isUsage ? new CliError(exitCodes.usage, describeError(error)) : error
}

/** What another command needs to find this gateway. */
function urlOption(url: string): string {
  return url === urlDefault ? '' : ` --url ${url}`
}

function toRoles(list: string): readonly Role[] {
  return list.split(',').map((name) => {
    const role = roles.find((known) => known === name.trim())
    if (role === undefined) throw new InvalidArgumentError(`Each is one of ${roles.join(', ')}.`)
    return role
  })
}

const simulators: Readonly<Record<string, () => Promise<{ runSimulator(argv: readonly string[]): Promise<number> }>>> =
  {
    biostar2: () => import('../../../connectors/biostar2/simulator/main.ts'),
    aeos: () => import('../../../connectors/aeos/simulator/main.ts'),
  }

export function simulateCommand(context: Context): Command {
  return describe('simulate', 'Run a simulated door system on this machine, to try things with', [
    'gatehouse simulate biostar2',
    'gatehouse simulate biostar2 --port 8443 --people 50',
    'gatehouse simulate aeos --snapshot 2021-10',
    'gatehouse simulate biostar2 --help',
  ])
    .argument('<system>', Object.keys(simulators).join(' or '))
    .argument('[options...]', 'its own options')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (system: string, argv: string[]) => {
      const open = Object.hasOwn(simulators, system) ? simulators[system] : undefined
      if (open === undefined) {
        context.terminal.err(`error: there is no simulator for ${plain(system)}\n`)
        context.finish(exitCodes.usage)
        return
      }
      const { runSimulator } = await open()
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
