/** The gateway's keys: look at their ids and ages, and turn them over. */
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { keysView, publicKeyView } from '../../api/schemas/keys.ts'
import type { Client } from '../client.ts'
import { type CallOptions, type Context, configOption, describe, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, formatTable } from '../table.ts'
import { replaceKeys } from './replace-keys.ts'

type Keys = z.output<typeof keysView>

export function keysCommand(context: Context): Command {
  return describe('keys', 'Ids and ages of the keys, and new ones', [
    'gatehouse keys show',
    'gatehouse keys rotate --reason "yearly"',
    'gatehouse keys public > gatehouse-public.pem',
  ])
    .addCommand(showCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(publicCommand(context))
}

function showCommand(context: Context): Command {
  return describeCall('show', 'Show ids, ages and counts; never a key itself', [
    'gatehouse keys show',
    'gatehouse keys show --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      show(context, options, await client.get('/v1/keys', keysView), (keys) => format(keys, context.terminal.colours))
    }),
  )
}

function format(keys: Keys, colours: boolean): string {
  return [
    formatPairs([
      ['gateway', plain(keys.gateway)],
      ['keyring', `${plain(keys.stamp)}, made ${plainTime(keys.createdAt)}, state ${keys.generation}`],
    ]),
    formatTable(
      [
        { title: 'epoch', of: ({ id }) => id },
        { title: 'since', of: ({ createdAt }) => plainTime(createdAt) },
        { title: 'state', of: ({ state }) => state },
        { title: 'people', of: ({ people }) => people, right: true },
        { title: 'archives', of: ({ archives }) => archives, right: true },
        { title: 'destroyed at', of: ({ destroyedAt }) => plainTime(destroyedAt) },
      ],
      keys.epochs,
      colours,
    ),
    formatTable(
      [
        { title: 'key', of: ({ purpose }) => purpose },
        { title: 'id', of: ({ id }) => id },
      ],
      keys.keys,
      colours,
    ),
  ].join('\n')
}

function rotateCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('rotate', 'Wrap everybody under a new key; stopped at any time, the gateway goes on by itself', [
    'gatehouse keys rotate --reason "yearly"',
    'gatehouse keys rotate --reason "an admin left" --no-wait',
    'gatehouse keys rotate --compromised --reason "a disk was stolen"',
    'gatehouse keys rotate --compromised --old-key-file /mnt/old/external.key --reason "a disk was stolen" --yes',
  ])
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--no-wait', 'do not wait until everybody is wrapped')
    .option(
      '--compromised',
      'somebody may have the keys: make all of them new, here, while no process of the gateway runs',
    )
    .option('--yes', 'with --compromised: do it; without it only says what would happen')
    .option('--old-key-file <file>', 'with --compromised: the external key until now, when the configured one is new')
    .option('--subject <name>', 'with --compromised: who gets the only token that works, with the role admin')
    .option('-c, --config <file>', `with --compromised: configuration file (${configOption[2]})`)
    .action((options: CallOptions & RotateOptions) => {
      if (options.compromised === true) {
        const { config = configOption[2], subject = userInfo().username } = options
        return replaceKeys(context, { ...options, config, subject })
      }
      const odd = (['yes', 'oldKeyFile', 'subject', 'config'] as const).find((name) => options[name] !== undefined)
      if (odd !== undefined)
        throw new CliError(
          exitCodes.usage,
          'these options are for --compromised: --yes, --old-key-file, --subject, --config',
        )
      return withClient(context, options, async (client) => {
        const { reason, wait } = options
        const made = await client.post('/v1/keys/rotate', { reason }, z.object({ epoch: z.string() }))
        let label = 'wrapping'
        const tell = (count: number): void => {
          label = `wrapping, ${count} left`
        }
        const left = wait ? await withProgress(terminal, () => label, untilWrapped(client, tell)) : null
        show(context, options, { ...made, left }, ({ epoch }) => `epoch ${plain(epoch)} is in use\n`)
        if (options.json === true) return
        if (left !== null && left > 0)
          terminal.err(`${counted(left, 'key')} can not be opened, or no process is the scheduler: gatehouse status\n`)
        terminal.err('Replace the copies of the keyring file now: an older copy does not open what is wrapped anew.\n')
      })
    })
}

interface RotateOptions {
  readonly reason: string
  readonly wait: boolean
  readonly compromised?: boolean
  readonly yes?: boolean
  readonly oldKeyFile?: string
  readonly subject?: string
  readonly config?: string
}

/** Longer than the scheduler takes to look again. */
const patienceMs = 15_000
const everyMs = 500

/** How many keys are left under other epochs when that number does not fall any more. */
async function untilWrapped(client: Client, tell: (left: number) => void): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let since = Date.now(); ; await sleep(everyMs)) {
    const { epochs } = await client.get('/v1/keys', keysView)
    const left = epochs
      .filter(({ state }) => state === 'retired')
      .reduce((sum, { people, archives }) => sum + people + archives, 0)
    if (left === 0 || (left === last && Date.now() - since > patienceMs)) return left
    if (left === last) continue
    tell(left)
    last = left
    since = Date.now()
  }
}

function publicCommand(context: Context): Command {
  return describeCall(
    'public',
    'Print the public key that verifies what this gateway signs, and those before it, for auditors to pin',
    ['gatehouse keys public > gatehouse-public.pem', 'gatehouse keys public --json'],
  ).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const key = await client.get('/v1/keys/public', publicKeyView)
      // PEM is lines of printable ASCII; whatever else came would not be a key.
      const pem = (publicKey: string) => `${publicKey.replaceAll(/[^\n\x20-\x7e]/g, '').trimEnd()}\n`
      show(context, options, key, ({ publicKey, former }) =>
        [publicKey, ...former.toReversed().map((each) => each.publicKey)].map(pem).join(''),
      )
    }),
  )
}
