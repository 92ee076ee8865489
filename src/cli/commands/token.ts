/** API tokens: create, list, revoke. */
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { tokenView } from '../../api/schemas/tokens.ts'
import { roles } from '../../auth/actor.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { plain, plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'

export function tokenCommand(context: Context): Command {
  return describe('token', 'Tokens of people and programs that call the gateway', [
    'gatehouse token create --name prometheus --role viewer --days 365',
    'gatehouse token list',
  ])
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context))
}

function createCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('create', 'Make a token; it is shown this once, alone on standard output', [
    'gatehouse token create --name prometheus --role viewer --days 365',
    'umask 077; gatehouse token create --name night-desk --role operator --days 30 > token',
  ])
    .requiredOption('--name <name>', 'of the person or program; a known name gets a further token')
    .requiredOption('--role <role>', roles.join(', '), toRole)
    .option('--days <days>', 'how long it lives', toDays, 90)
    .action((options: CallOptions & { name: string; role: string; days: number }) =>
      withClient(context, options, async (client) => {
        const { name, role, days } = options
        const made = await client.post('/v1/tokens', { name, role, days }, createAnswer)
        if (options.json !== true) terminal.err(`token ${plain(made.id)}, until ${plainTime(made.expiresAt)}\n`)
        show(context, options, made, ({ token }) => `${plain(token)}\n`)
      }),
    )
}

const createAnswer = z.object({ id: z.string(), subject: z.string(), token: z.string(), expiresAt: z.string() })

function toRole(text: string): string {
  if (roles.some((role) => role === text)) return text
  throw new InvalidArgumentError(`It is one of ${roles.join(', ')}.`)
}

function toDays(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days > 0) return days
  throw new InvalidArgumentError('It is a whole number above 0.')
}

function listCommand(context: Context): Command {
  return describeCall('list', 'List all tokens, without their secrets', [
    'gatehouse token list',
    'gatehouse token list --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const { tokens } = await client.get('/v1/tokens', z.object({ tokens: z.array(tokenView) }))
      show(context, options, tokens, (rows) =>
        formatTable(
          [
            { title: 'token', of: (token) => token.id },
            { title: 'name', of: (token) => token.name },
            { title: 'role', of: (token) => token.role },
            { title: 'made on', of: (token) => plain(token.createdAt.slice(0, 10)) },
            { title: 'expires', of: (token) => plainTime(token.expiresAt) },
            { title: 'state', of: stateOf },
          ],
          rows,
          context.terminal.colours,
        ),
      )
    }),
  )
}

function stateOf({ revokedAt, expiresAt }: z.output<typeof tokenView>): string {
  if (revokedAt !== null) return 'revoked'
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : 'live'
}

function revokeCommand(context: Context): Command {
  return describeCall('revoke', 'Revoke a token, at once', [
    'gatehouse token revoke 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01',
  ])
    .argument('<token>', 'its id, as `token list` shows it')
    .action((id: string, options: CallOptions) =>
      withClient(context, options, async (client) => {
        await client.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`)
        show(context, options, { token: id, state: 'revoked' }, () => 'revoked\n')
      }),
    )
}
