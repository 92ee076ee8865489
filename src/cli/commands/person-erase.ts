/** Erasing a person, and letting somebody who was erased be brought in again. */
import type { Command } from 'commander'
import { z } from 'zod'
import { erasurePreview } from '../../api/schemas/erasures.ts'
import { type CallOptions, type Context, describeCall, givenOrRead, show, withClient } from '../command.ts'
import { exitCodes } from '../exit.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { byHelp, withPerson } from '../with-person.ts'

const begun = z.object({ erasure: z.string(), lockouts: z.array(z.string()) })

export function eraseCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('erase', 'Erase a person everywhere; without --yes it only says what would happen', [
    'gatehouse person erase 4711 --reason "request of 12 March"',
    'gatehouse person erase 4711 --reason "request of 12 March" --yes',
  ])
    .argument('<by>', byHelp)
    .requiredOption('--reason <text>', 'why: it outlasts the person, so it must not name them')
    .option('--yes', 'do it: nothing takes it back')
    .action((by: string, options: CallOptions & { reason: string; yes?: boolean }) =>
      withPerson(context, options, by, async (client, id) => {
        if (options.yes !== true) {
          show(context, options, await client.get(`/v1/people/${id}/erasure`, erasurePreview), format)
          terminal.err('nothing was done: add --yes to erase\n')
          context.finish(exitCodes.usage)
          return
        }
        const done = await client.post(`/v1/people/${id}/erase`, { reason: options.reason }, begun)
        show(
          context,
          options,
          done,
          ({ erasure, lockouts }) =>
            `erasing; ${counted(lockouts.length, 'lock-out')} under way: gatehouse erasure show ${plain(erasure)}\n`,
        )
      }),
    )
}

function format(preview: z.output<typeof erasurePreview>): string {
  const accounts = preview.accounts.map(({ target, made, waits }) => {
    if (!made) return `no account was made at ${plain(target)}`
    return `the account at ${plain(target)} is removed${waits === null ? '' : `, NOT YET: ${plain(waits)}`}`
  })
  const lines = [
    'the person is locked out everywhere, at once',
    ...accounts,
    `then ${counted(preview.records, 'record')} and ${counted(preview.cards, 'card')} are deleted here, with their key`,
    `records that ${preview.sources.map(plain).join(', ') || 'sources'} may bring again are held, until \`person unerase\``,
    ...(preview.archivesUntil === null
      ? []
      : [
          `kept deliveries may hold them until ${plainTime(preview.archivesUntil)}: gatehouse archive destroy ends that`,
        ]),
    `backups can be opened until ${plainTime(preview.backupsUntil)}, or sooner after \`keys rotate\``,
  ]
  return `${lines.map((line) => `- ${line}`).join('\n')}\n`
}

export function uneraseCommand(context: Context): Command {
  return describeCall('unerase', 'Let somebody who was erased be brought in again, as a new person', [
    'gatehouse person unerase 4711 --reason "employed again"',
  ])
    .argument('<by>', 'an employee number that they had, the erasure’s id, or - to read it from standard input')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action(async (given: string, options: CallOptions & { reason: string }) => {
      const by = await givenOrRead(context, given)
      await withClient(context, options, async (client) => {
        const answer = await client.post(
          '/v1/erasures/lift',
          { by, reason: options.reason },
          z.object({ erasure: z.string() }),
        )
        show(context, options, answer, () => 'the next delivery brings them in again\n')
      })
    })
}
