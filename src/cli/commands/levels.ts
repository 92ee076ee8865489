/** The access levels that targets offer. */
import type { Command } from 'commander'
import { z } from 'zod'
import { levelView } from '../../api/schemas/targets.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { formatTable } from '../table.ts'

export function levelsCommand(context: Context): Command {
  const list = describeCall('list', 'List the access levels that the targets offer', [
    'gatehouse levels list',
    'gatehouse levels list --target hq --json',
  ])
    .option('--target <target>', 'only those of this target')
    .action((options: CallOptions & { target?: string }) =>
      withClient(context, options, async (client) => {
        const query = options.target === undefined ? '' : `?${new URLSearchParams({ target: options.target })}`
        const { levels } = await client.get(`/v1/levels${query}`, z.object({ levels: z.array(levelView) }))
        show(context, options, levels, (rows) =>
          formatTable(
            [
              { title: 'target', of: (level) => level.target },
              { title: 'id there', of: (level) => level.externalId },
              { title: 'name', of: (level) => level.name },
              { title: 'in rules', of: (level) => (level.usedByRules ? 'yes' : 'no') },
            ],
            rows,
            context.terminal.colours,
          ),
        )
      }),
    )
  return describe('levels', 'Access levels', ['gatehouse levels list']).addCommand(list)
}
