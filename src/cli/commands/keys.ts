/** The gateway's own keys. */
import type { Command } from 'commander'
import { publicKeyView } from '../../api/schemas/keys.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'

export function keysCommand(context: Context): Command {
  return describe('keys', 'The keys of the gateway', ['gatehouse keys public > gatehouse-public.pem']).addCommand(
    publicCommand(context),
  )
}

function publicCommand(context: Context): Command {
  return describeCall('public', 'Print the public key that verifies what this gateway signs, for auditors to pin', [
    'gatehouse keys public > gatehouse-public.pem',
    'gatehouse keys public --json',
  ]).action((options: CallOptions) =>
    withClient(context, options, async (client) => {
      const key = await client.get('/v1/keys/public', publicKeyView)
      // PEM is lines of printable ASCII; whatever else came would not be a key.
      show(context, options, key, ({ publicKey }) => `${publicKey.replaceAll(/[^\n\x20-\x7e]/g, '').trimEnd()}\n`)
    }),
  )
}
