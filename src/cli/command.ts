/** What commands have in common: examples in the help, the options of a call, and output as table or JSON. */
import { Command } from 'commander'
import { plainJson } from '../model/plain-json.ts'
import { dataDefault, findToken } from './bearer.ts'
import { type Client, createClient } from './client.ts'
import type { ExitCode } from './exit.ts'
import { plain } from './plain.ts'
import type { Terminal } from './terminal.ts'

export interface Context {
  readonly terminal: Terminal
  /** The exit code, where it isn't 0. */
  finish(code: ExitCode): void
}

/** For the commands that work on this machine. */
export const configOption = ['-c, --config <file>', 'configuration file', 'gatehouse.yaml'] as const

/** The next command for the same gateway, ready to be copied. */
export function nextCommand(name: string, config: string): string {
  return `Next: gatehouse ${name}${config === configOption[2] ? '' : ` --config ${plain(config)}`}\n`
}

export const urlDefault = 'http://127.0.0.1:7400'

/** A command whose help ends with examples, each a whole command line. */
export function describe(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
}

export interface CallOptions {
  readonly url?: string
  readonly data?: string
  readonly ca?: string
  readonly plainHttp?: boolean
  readonly json?: boolean
}

/** The same, for a command that calls a running gateway. */
export function describeCall(name: string, summary: string, examples: readonly string[]): Command {
  return describe(name, summary, examples)
    .option('--url <url>', `where the gateway is (GATEHOUSE_URL, else ${urlDefault})`)
    .option(
      '--data <folder>',
      `where init put the token (GATEHOUSE_DATA, else ${dataDefault}); GATEHOUSE_TOKEN_FILE or GATEHOUSE_TOKEN comes first`,
    )
    .option('--ca <file>', "PEM file of the authority that signed the gateway's certificate (GATEHOUSE_CA)")
    .option('--plain-http', 'send the token unencrypted to another machine')
    .option('--json', 'print JSON')
}

/** Lends a client to `work` and closes it. */
export async function withClient(
  { terminal }: Context,
  options: CallOptions,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const { env } = terminal
  const ca = options.ca ?? env.GATEHOUSE_CA
  const client = createClient({
    url: options.url ?? env.GATEHOUSE_URL ?? urlDefault,
    token: findToken(env, options.data),
    plainHttp: options.plainHttp === true,
    ...(ca === undefined ? {} : { ca }),
  })
  try {
    await work(client)
  } finally {
    await client.close()
  }
}

/** What was given, or, for `-`, what standard input says: no number or card of anybody need stand in a list of processes. */
export async function givenOrRead({ terminal }: Pick<Context, 'terminal'>, given: string): Promise<string> {
  return given === '-' ? (await terminal.readInput()).trim() : given
}

/** JSON when asked for, else what `human` makes of it. */
export function show<T>(
  { terminal }: Context,
  options: { json?: boolean },
  value: T,
  human: (value: T) => string,
): void {
  terminal.out(options.json === true ? `${plainJson(value, 2)}\n` : human(value))
}
