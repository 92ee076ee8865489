/** Lets Gatehouse write to a target, stops all writing to it, or all but lock-outs there or everywhere, and lets it go on. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type CallOptions, type Context, describeCall, show, withClient } from '../command.ts'
import { counted, plain } from '../plain.ts'

export function enableCommand(context: Context): Command {
  return actCommand(
    context,
    'enable',
    'Let Gatehouse write to a target: lock-outs at once, all else after the release of its first plan',
    'enabled',
    ['gatehouse enable hq --reason "existing accounts are matched"'],
    'Next: gatehouse plan list --state held\n',
  )
}

export function observeCommand(context: Context): Command {
  return actCommand(
    context,
    'observe',
    'Only observe a target: nothing is written any more, lock-outs neither',
    'observed: from now on nobody is locked out there by Gatehouse',
    ['gatehouse observe hq --reason "the vendor moves it to another server"'],
  )
}

export function settleCommand(context: Context): Command {
  return describeCall(
    'settle',
    'Let a target that seems to have forgotten go on: everybody gets back what they should have',
    ['gatehouse settle hq --reason "put back from last night\'s backup after the disk broke"'],
  )
    .argument('<target>', 'id of the target')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((target: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        const path = `/v1/targets/${encodeURIComponent(target)}/settle`
        const settled = await client.post(path, { reason: options.reason }, z.object({ accounts: z.number() }))
        show(context, options, settled, ({ accounts }) => `${counted(accounts, 'account')} looked at and mended\n`)
      }),
    )
}

export function pauseCommand(context: Context): Command {
  return actCommand(context, 'pause', 'Stop all writing to a target, lock-outs too, until it is resumed', 'paused', [
    'gatehouse pause hq --reason "the vendor works on the server until 14:00"',
  ])
}

export function resumeCommand(context: Context): Command {
  return actCommand(context, 'resume', 'Let a paused target go on, also one that refused our login', 'resumed', [
    'gatehouse resume hq --reason "new password in place"',
  ])
}

function actCommand(
  context: Context,
  act: 'enable' | 'observe' | 'pause' | 'resume',
  summary: string,
  done: string,
  examples: readonly string[],
  next = '',
): Command {
  return describeCall(act, summary, examples)
    .argument('<target>', 'id of the target')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((target: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/targets/${encodeURIComponent(target)}/${act}`, { reason: options.reason })
        show(context, options, { target, state: done }, () => `${plain(target)} ${done}\n${next}`)
      }),
    )
}

export function freezeCommand(context: Context): Command {
  return stopCommand(
    context,
    'freeze',
    'Stop all but lock-outs, at a target or everywhere, until it is unfrozen',
    'frozen',
    ['gatehouse freeze --reason "HR is being moved"', 'gatehouse freeze hq --reason "odd changes, looking into them"'],
  )
}

export function unfreezeCommand(context: Context): Command {
  return stopCommand(
    context,
    'unfreeze',
    'Lift a freeze: that of a target, or that of everything',
    'not frozen any more',
    ['gatehouse unfreeze --reason "HR is moved"', 'gatehouse unfreeze hq --reason "it was the new site"'],
  )
}

function stopCommand(
  context: Context,
  act: 'freeze' | 'unfreeze',
  summary: string,
  done: string,
  examples: readonly string[],
): Command {
  return describeCall(act, summary, examples)
    .argument('[target]', 'id of the target; left out: everywhere')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((target: string | undefined, { reason, ...options }: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        await client.send('POST', `/v1/${act}`, { reason, ...(target === undefined ? {} : { target }) })
        const state = act === 'freeze' ? 'frozen' : 'unfrozen'
        show(context, options, { target: target ?? null, state }, () => `${plain(target ?? 'everything')} ${done}\n`)
      }),
    )
}
