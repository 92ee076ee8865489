/** Finds the person that a command is about, without a number or card in any URL. */
import { z } from 'zod'
import type { Client } from './client.ts'
import { type CallOptions, type Context, givenOrRead, withClient } from './command.ts'

export const byHelp =
  'employee number, card (H10301:facility:number or CSN:hex), person id, or - to read it from standard input'

/** `given` as `byHelp` says. Who is `acting` is not given somebody who need not be the one with that card. */
export async function withPerson(
  context: Context,
  options: CallOptions,
  given: string,
  work: (client: Client, id: string) => Promise<void>,
  acting = true,
): Promise<void> {
  const by = await givenOrRead(context, given)
  await withClient(context, options, async (client) => {
    // Always asked for in a body: a number in a URL ends up in logs.
    const { id } = await client.post('/v1/people/find', { by, acting }, z.object({ id: z.uuid() }))
    await work(client, id)
  })
}
