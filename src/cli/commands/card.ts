/** Cards by number: show, explain, lost, returned, suspend, resume, issue. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { CardView } from '../../api/acts/cards.ts'
import type { LockoutView } from '../../api/acts/lockouts.ts'
import { cardDone, cardView } from '../../api/schemas/cards.ts'
import type { Client } from '../client.ts'
import { type CallOptions, type Context, describe, describeCall, givenOrRead, show, withClient } from '../command.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { awaitProofs, type ProofOptions, proofText, tellUnproven } from '../proofs.ts'
import { formatTable } from '../table.ts'
import { byHelp, withPerson } from '../with-person.ts'
import { explainCommand } from './card-explain.ts'

const cardHelp =
  'H10301:facility:number, CSN:hex or another format with its fields (see card explain), or - to read it from standard input'

export function cardCommand(context: Context): Command {
  return describe('card', 'Look at one card, and say that it is lost, given back, suspended or issued', [
    'gatehouse card show H10301:17:4711',
    'gatehouse card explain 1118823',
    'gatehouse card lost H10301:17:4711 --reason "found on the street"',
    'gatehouse card issue 4711 H10301:17:4712 --reason "replaces the lost one"',
  ])
    .addCommand(showCommand(context))
    .addCommand(explainCommand(context))
    .addCommand(
      sayCommand(
        context,
        'lost',
        '/v1/cards/lose',
        'Block a card everywhere, now, until somebody says that it is back',
        {
          done: 'lost',
          blocks: true,
          examples: ['gatehouse card lost H10301:17:4711 --reason "found on the street"'],
        },
      ),
    )
    .addCommand(
      sayCommand(
        context,
        'returned',
        '/v1/cards/return',
        "Take a card off its holder's accounts: another person can have it",
        {
          done: 'returned: it leaves its holder’s accounts',
          examples: ['gatehouse card returned 4711 H10301:17:4711 --reason "handed in at the desk"'],
        },
      ),
    )
    .addCommand(
      sayCommand(
        context,
        'suspend',
        '/v1/cards/suspend',
        'Block a card until it is resumed, whatever the sources say',
        {
          done: 'suspended',
          blocks: true,
          examples: ['gatehouse card suspend H10301:17:4711 --reason "left at home, perhaps"'],
        },
      ),
    )
    .addCommand(
      sayCommand(context, 'resume', '/v1/cards/resume', "Lift an operator's suspension, and nothing else", {
        done: 'resumed: what a source blocks stays blocked',
        examples: ['gatehouse card resume H10301:17:4711 --reason "it was at home"'],
      }),
    )
    .addCommand(issueCommand(context))
}

interface SayOptions extends CallOptions, ProofOptions {
  readonly reason: string
}

function sayCommand(
  context: Context,
  name: string,
  path: string,
  summary: string,
  words: { readonly done: string; readonly blocks?: boolean; readonly examples: readonly string[] },
): Command {
  return describeCall(name, summary, words.examples)
    .argument('<person-or-card>', `the card (${cardHelp}); or, before the card, whose it must be`)
    .argument('[card]', 'the card, after a person')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--no-wait', 'do not wait for the proof')
    .action(async (first: string, second: string | undefined, options: SayOptions) => {
      const { reason } = options
      const say = async (client: Client, card: string, person?: string) => {
        const asked = { card, reason, ...(person === undefined ? {} : { person }) }
        const done = await client.post(path, asked, cardDone)
        const lockouts = await awaitProofs(context, client, done.lockouts, done.paused, options)
        show(
          context,
          options,
          { ...done, lockouts },
          () => `${words.done}${blockedText(words.blocks, lockouts)}\n${proofText(lockouts)}`,
        )
        tellUnproven(context, lockouts, done.paused, options)
      }
      if (second !== undefined)
        return withPerson(context, options, first, (client, person) => say(client, second, person))
      const card = await givenOrRead(context, first)
      return withClient(context, options, (client) => say(client, card))
    })
}

/** What is to be blocked, and no more: what came of it is told by the proofs. */
function blockedText(blocks: boolean | undefined, lockouts: readonly LockoutView[]): string {
  if (blocks !== true) return ''
  return lockouts.length === 0
    ? ': noted; it was open at no account that Gatehouse knows and may write to'
    : `: to be blocked at ${counted(lockouts.length, 'account')}`
}

function issueCommand(context: Context): Command {
  return describeCall('issue', 'Give a person a card, also one that was lost or given back before', [
    'gatehouse card issue 4711 H10301:17:4712 --reason "replaces the lost one"',
    'gatehouse card issue 4711 CSN:04a1b2c3 --reason "found again under the seat"',
  ])
    .argument('<person>', byHelp)
    .argument('<card>', 'H10301:facility:number, CSN:hex or another format with its fields (see card explain)')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((by: string, card: string, options: CallOptions & { reason: string }) =>
      withPerson(context, options, by, async (client, person) => {
        const done = await client.post(`/v1/people/${person}/cards`, { card, reason: options.reason }, cardDone)
        for (const { target, code } of done.refused)
          context.terminal.err(`NOT taken at ${plain(target)}, which can not have such a card: ${plain(code)}\n`)
        show(context, options, done, ({ waits }) =>
          waits ? 'issued; it waits until it is gone from the account of whoever gave it back\n' : 'issued\n',
        )
      }),
    )
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show whose a card is, in what state, and where: personal data in clear', [
    'gatehouse card show H10301:17:4711',
    'echo CSN:04a1b2c3 | gatehouse card show - --json',
  ])
    .argument('<card>', cardHelp)
    .action(async (given: string, options: CallOptions) => {
      const card = await givenOrRead(context, given)
      return withClient(context, options, async (client) => {
        const { cards } = await client.post('/v1/cards/find', { card }, z.object({ cards: z.array(cardView) }))
        show(context, options, cards, (views) =>
          views.map((view) => formatCard(view, context.terminal.colours)).join('\n'),
        )
      })
    })
}

function formatCard(view: CardView, colours: boolean): string {
  const standing = [
    view.state,
    ...(view.waits ? ['waits until it is gone from whoever had it'] : []),
    ...(view.suspendedSince === null ? [] : [`suspended by an operator since ${plainTime(view.suspendedSince)}`]),
    view.source === null ? 'issued by an operator' : `from ${view.source}`,
  ]
  const accounts = formatTable(
    [
      { title: 'target', of: ({ target }) => target },
      { title: 'desired', of: ({ desired }) => desired },
      { title: 'actual', of: ({ actual }) => actual },
      { title: 'last seen', of: ({ actualAt }) => plainTime(actualAt) },
    ],
    view.accounts,
    colours,
  )
  const lockouts = view.lockouts.map(
    ({ target, arrivedAt, provenAt, proof, state }) =>
      `blocked at ${plain(target)} ${plainTime(arrivedAt)}: ${provenAt === null ? plain(state) : `proven after ${Date.parse(provenAt) - Date.parse(arrivedAt)} ms (${plain(proof)})`}\n`,
  )
  return `${plain(view.card)}: ${plain(view.name)}, person ${plain(view.person)}\n${standing.map(plain).join(', ')}\n${accounts}${lockouts.join('')}`
}
