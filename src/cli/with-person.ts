/** Finds the person that a command is about, without a number or card in any URL. */
import { z } from 'zod'
import type { Client } from './client.ts'
import { type CallOptions, type Context, withClient } from './command.ts'

export const byHelp =
  'employee number, card (H10301:facility:number or CSN:hex), person id, or - to read it from standard input'

/** `given` as `byHelp` says. */
export async function withPerson(
  context: Context,
  options: CallOptions,
  given: string,
  work: (client: Client, id: string) => Promise<void>,
): Promise<void> {
  const by = given === '-' ? (await context.terminal.readInput()).trim() : given
  await withClient(context, options, async (client) => {
    // Always asked for in a body: a number in a URL ends up in logs.
    const { id } = await client.post('/v1/people/find', { by }, z.object({ id: z.uuid() }))
    await work(client, id)
  })
}
