/** Lists that come page by page: the options that all of them have, and where to go on when there is more. */
import type { Command } from 'commander'
import type { z } from 'zod'
import type { Client } from './client.ts'
import { type CallOptions, type Context, describeCall, show } from './command.ts'
import { plain } from './plain.ts'

export interface PageOptions extends CallOptions {
  readonly limit: string
  readonly after?: string
}

/** As `describeCall`. */
export function describeList(
  name: string,
  summary: string,
  examples: readonly string[],
  { counted = 'how many', limit = '50' }: { readonly counted?: string; readonly limit?: string } = {},
): Command {
  return describeCall(name, summary, examples)
    .option('--limit <count>', counted, limit)
    .option('--after <cursor>', 'where the list before ended')
}

/** `filters` that are undefined are not asked for. */
export function pagePath(
  path: string,
  { limit, after }: PageOptions,
  filters: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries({ ...filters, limit, after })
  const query = new URLSearchParams(given.filter((entry): entry is [string, string] => entry[1] !== undefined))
  return `${path}?${query}`
}

type PageSchema = z.ZodType<{ readonly next: string | null }>

/** Prints one page; on standard error, how to see the next. */
export async function showPage<Schema extends PageSchema>(
  context: Context,
  client: Client,
  options: PageOptions,
  asked: { readonly path: string; readonly schema: Schema },
  human: (page: z.output<Schema>) => string,
): Promise<void> {
  const page = await client.get(asked.path, asked.schema)
  show(context, options, page, human)
  tellMore(context, page.next)
}

export function tellMore({ terminal }: Context, next: string | null): void {
  if (next !== null) terminal.err(`there is more: --after ${plain(next)}\n`)
}
