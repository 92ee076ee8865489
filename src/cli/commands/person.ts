/** One person: show, explain, lock, unlock, protect, unprotect. */
import type { Command } from 'commander'
import { z } from 'zod'
import { explanationView, personView, unlockedView } from '../../api/schemas/people.ts'
import { type CallOptions, type Context, describe, describeCall, show } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { formatExplanation, formatPerson } from '../person-text.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { awaitProofs, type ProofOptions, proofText, tellUnproven } from '../proofs.ts'
import { byHelp, withPerson } from '../with-person.ts'
import { eraseCommand, uneraseCommand } from './person-erase.ts'

export function personCommand(context: Context): Command {
  return describe('person', 'Look at one person, lock or unlock them, and protect them', [
    'gatehouse person show 4711',
    'gatehouse person explain H10301:17:4711',
    'gatehouse person lock 4711 --reason "dismissed tonight"',
  ])
    .addCommand(showCommand(context))
    .addCommand(explainCommand(context))
    .addCommand(lockCommand(context))
    .addCommand(unlockCommand(context))
    .addCommand(protectCommand(context))
    .addCommand(unprotectCommand(context))
    .addCommand(eraseCommand(context))
    .addCommand(uneraseCommand(context))
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show a person with accounts and lock-outs: personal data in clear', [
    'gatehouse person show 4711',
    'echo H10301:17:4711 | gatehouse person show - --json',
  ])
    .argument('<by>', byHelp)
    .action((by: string, options: CallOptions) =>
      withPerson(
        context,
        options,
        by,
        async (client, id) => {
          show(context, options, await client.get(`/v1/people/${id}`, personView), (person) =>
            formatPerson(person, context.terminal.colours),
          )
        },
        looking,
      ),
    )
}

function explainCommand(context: Context): Command {
  return describeCall('explain', 'Show rule by rule why a person has what they have', [
    'gatehouse person explain 4711',
    'gatehouse person explain CSN:04a1b2c3 --json',
  ])
    .argument('<by>', byHelp)
    .action((by: string, options: CallOptions) =>
      withPerson(
        context,
        options,
        by,
        async (client, id) => {
          show(context, options, await client.get(`/v1/people/${id}/explain`, explanationView), (explanation) =>
            formatExplanation(explanation, context.terminal.colours),
          )
        },
        looking,
      ),
    )
}

function lockCommand(context: Context): Command {
  return describeCall('lock', 'Lock a person out everywhere, now', [
    'gatehouse person lock 4711 --reason "dismissed, HR file follows tonight"',
  ])
    .argument('<by>', byHelp)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--no-wait', 'do not wait for the proof')
    .action((by: string, options: CallOptions & ProofOptions & { reason: string }) =>
      withPerson(context, options, by, async (client, id) => {
        const locked = await withProgress(
          context.terminal,
          'locking',
          client.post(`/v1/people/${id}/lock`, { reason: options.reason }, lockAnswer),
        )
        const lockouts = await awaitProofs(context, client, locked.lockouts, locked.paused, options)
        show(context, options, { ...locked, proofs: lockouts }, () =>
          lockouts.length === 0
            ? 'locked; Gatehouse knows no account of theirs that is open and that it may write to\n'
            : `locked: ${counted(lockouts.length, 'lock-out')}\n${proofText(lockouts)}`,
        )
        tellUnproven(context, lockouts, locked.paused, options)
        for (const target of locked.observed)
          context.terminal.err(
            `NOT carried out at ${plain(target)}, which is only observed: gatehouse enable ${plain(target)} --reason "..."\n`,
          )
        if (locked.observed.length > 0) context.finish(exitCodes.problems)
      }),
    )
}

/** To look at somebody, a card that is lost or contested will do. */
const looking = false

const lockAnswer = z.object({ lockouts: z.array(z.uuid()), paused: z.array(z.string()), observed: z.array(z.string()) })

function unlockCommand(context: Context): Command {
  return describeCall('unlock', 'Lift a lock; or let in whom a source shut out, for some hours', [
    'gatehouse person unlock 4711 --reason "it was somebody else"',
    'gatehouse person unlock 4711 --reason "HR entered the wrong date" --hours 8',
  ])
    .argument('<by>', byHelp)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--hours <hours>', 'for whoever is not locked, but left or suspended: for how long', Number, 24)
    .action((by: string, options: CallOptions & { reason: string; hours: number }) => {
      const { reason, hours } = options
      if (!(hours > 0)) throw new CliError(exitCodes.usage, '--hours needs a number above 0')
      return withPerson(context, options, by, async (client, id) => {
        const unlocked = await client.post(`/v1/people/${id}/unlock`, { reason, hours }, unlockedView)
        show(context, options, { person: id, ...unlocked }, () => unlockedText(unlocked))
      })
    })
}

function unlockedText({ lifted, heldOpenUntil, state }: z.output<typeof unlockedView>): string {
  const held = heldOpenUntil === null ? null : `the door is held open until ${plainTime(heldOpenUntil)}`
  if (!lifted)
    return held === null
      ? 'was not locked: nothing changed. What else shuts them out says gatehouse person show\n'
      : `unlocked: ${held}\n`
  if (held !== null) return `unlocked: ${held}, as before the lock\n`
  if (state !== 'left' && state !== 'suspended') return 'unlocked\n'
  return `the lock is lifted; still shut out, since the sources say ${plain(state)}: unlock again to hold the door open\n`
}

function protectCommand(context: Context): Command {
  return protectionCommand(
    context,
    'protect',
    'Protect a person: no automatic lock-out or revoke, each waits for a release',
    'protected: a lost card is blocked all the same, and person lock works\n',
    'gatehouse person protect 4711 --reason "on call for the reactor"',
  )
}

function unprotectCommand(context: Context): Command {
  return protectionCommand(
    context,
    'unprotect',
    'Protect a person no longer: a lock-out by record that waited runs now',
    'no longer protected\n',
    'gatehouse person unprotect 4711 --reason "handed over on Monday"',
  )
}

function protectionCommand(
  context: Context,
  act: 'protect' | 'unprotect',
  summary: string,
  done: string,
  example: string,
): Command {
  return describeCall(act, summary, [example])
    .argument('<by>', byHelp)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((by: string, options: CallOptions & { reason: string }) =>
      withPerson(context, options, by, async (client, id) => {
        await client.send('POST', `/v1/people/${id}/${act}`, { reason: options.reason })
        show(context, options, { person: id, protected: act === 'protect' }, () => done)
      }),
    )
}
