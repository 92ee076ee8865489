/** The configuration: what is in force, what the file says instead, and the decision about it. */
import type { Command } from 'commander'
import { templateDigestsOf } from '../../../config/template-digests.ts'
import type { ConfigView, ProposedConfigView } from '../../api/acts/configuration.ts'
import { configStanding, configView, decidedConfig } from '../../api/schemas/configuration.ts'
import { dataDefault, findToken } from '../bearer.ts'
import {
  type CallOptions,
  type Context,
  configOption,
  describe,
  describeCall,
  nextCommand,
  show,
  withClient,
} from '../command.ts'
import { counted, plain, plainTime, wrapped } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatTable, paint } from '../table.ts'

export function configCommand(context: Context): Command {
  return describe('config', 'See which configuration is in force, and decide about what the file says instead', [
    'gatehouse config show',
    'gatehouse config release 3f9a0c21b7de --reason "new site in Lisbon, ticket 4711"',
  ])
    .addCommand(showCommand(context))
    .addCommand(proposeCommand(context))
    .addCommand(
      decisionCommand(context, 'release', 'Let the proposed configuration into force, in every process', 'released', [
        'gatehouse config release 3f9a0c21b7de --reason "new site in Lisbon, ticket 4711"',
      ]),
    )
    .addCommand(
      decisionCommand(context, 'reject', 'Reject what is proposed, until the file changes again', 'rejected', [
        'gatehouse config reject 3f9a0c21b7de --reason "nobody here knows of it"',
      ]),
    )
    .addCommand(adoptCommand(context))
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show what is in force, what was edited, and what that would change', [
    'gatehouse config show',
    'gatehouse config show --json > configuration.json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const view = await client.get('/v1/configuration', configView)
      show(context, options, view, () => formatConfig(view, context.terminal.colours))
    }),
  )
}

/** So many digits name a configuration. */
const digits = 12

function formatConfig({ released, proposed }: ConfigView, colours: boolean): string {
  const by = released.releasedBy === null ? 'as the first one, by itself' : `by ${plain(released.releasedBy)}`
  const inForce = `In force: version ${released.version} (${released.digest.slice(0, digits)}), released ${plainTime(released.releasedAt)} ${by}\n`
  const digested = Object.entries(templateDigestsOf(released.sections)).map(
    ([id, basis]) =>
      `${wrapped(`Keyed digests of templates are made of accounts at ${id}. Legal basis: ${basis}`, '')}\n`,
  )
  if (proposed === null) return `${inForce}${digested.join('')}Nothing else is proposed.\n`
  return [
    `${inForce}${digested.join('')}`,
    `Proposed: version ${proposed.version} (${proposed.digest.slice(0, digits)}), since ${plainTime(proposed.proposedAt)}\n`,
    ...proposed.edits.map((edit) => formatEdit(edit, colours)),
    ...proposed.notes.map((note) => `${wrapped(`Note: ${note}`, '')}\n`),
    formatEffect(proposed, colours),
    conclusion(proposed, colours),
  ].join('\n')
}

function formatEdit({ path, before, after }: ProposedConfigView['edits'][number], colours: boolean): string {
  const line = (sign: string, tone: 'red' | 'green', value: string | null) =>
    value === null ? '' : `${paint(tone, wrapped(value, `  ${sign} `), colours)}\n`
  return `${plain(path)}\n${line('-', 'red', before)}${line('+', 'green', after)}`
}

function formatEffect({ effect }: ProposedConfigView, colours: boolean): string {
  if (effect === null) return 'What this would change is still being counted.\n'
  if (effect.accounts === 0) return 'Nobody known now would gain or lose anything.\n'
  const table = formatTable(
    [
      { title: 'kind', of: (row) => row.kind },
      { title: 'target', of: (row) => row.target },
      { title: 'accounts', of: (row) => row.accounts, right: true },
    ],
    effect.kinds,
    colours,
  )
  return `${counted(effect.accounts, 'account')} of ${counted(effect.people, 'person', 'people')} would change; what the brakes hold waits as a plan:\n\n${table}`
}

function conclusion({ digest, obstacles }: ProposedConfigView, colours: boolean): string {
  const name = digest.slice(0, digits)
  const held = obstacles.map(
    ({ code, message }) =>
      `${paint('yellow', 'It can not be released yet:', colours)}\n${wrapped(`${message} [${code}]`, '  ')}\n`,
  )
  const next = [
    ...(obstacles.length > 0 ? [] : [`gatehouse config release ${name} --reason "..."`]),
    `gatehouse config reject ${name} --reason "..."`,
  ]
  return `${held.join('')}Next:\n${next.map((line) => `  ${line}\n`).join('')}`
}

const standings = {
  'in-force': 'the file says what is in force\n',
  proposed: 'proposed; see: gatehouse config show\n',
  rejected: 'rejected before\n',
} as const

function proposeCommand(context: Context): Command {
  return describeCall('propose', 'Have the gateway read its file now, and propose what it says', [
    'gatehouse config propose',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const answer = await client.post('/v1/configuration/propose', undefined, configStanding)
      show(context, options, answer, ({ standing }) => standings[standing])
    }),
  )
}

function adoptCommand(context: Context): Command {
  const { terminal } = context
  return describe(
    'adopt',
    'Release what the file says on this machine, where what was released is gone, forged or can not be run',
    [
      'gatehouse config adopt --reason "the row was deleted; the file is that of Monday"',
      'gatehouse config adopt --config /etc/gatehouse/gatehouse.yaml --data /var/lib/gatehouse --reason "after the upgrade"',
    ],
  )
    .option(...configOption)
    .option('--data <folder>', `where init put the token (GATEHOUSE_DATA, else ${dataDefault})`)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--json', 'print JSON')
    .action(async (options: { config: string; data?: string; reason: string; json?: boolean }) => {
      const { config, reason } = options
      const local = await terminal.loadLocalGateway()
      const token = findToken(terminal.env, options.data)
      const adopted = await withProgress(terminal, 'adopting', local.adoptConfig({ config, token, reason }))
      show(
        context,
        options,
        adopted,
        ({ version }) =>
          `version ${version} released; what follows from it will be a plan\n${nextCommand('start', config)}`,
      )
    })
}

function decisionCommand(
  context: Context,
  act: 'release' | 'reject',
  summary: string,
  done: string,
  examples: readonly string[],
): Command {
  return describeCall(act, summary, examples)
    .argument('<digest>', 'what `config show` names it by')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((digest: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const request = { digest, reason: options.reason }
        const decided = await client.post(`/v1/configuration/${act}`, request, decidedConfig)
        show(context, options, { ...decided, state: done }, ({ version }) => `version ${version} ${done}\n`)
      }),
    )
}
