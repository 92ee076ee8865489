/** The access levels that targets offer. */
import type { Command } from 'commander'
import { z } from 'zod'
import { levelView } from '../../api/schemas/targets.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { wrapped } from '../plain.ts'
import { formatTable, paint } from '../table.ts'

export function levelsCommand(context: Context): Command {
  const list = describeCall(
    'list',
    'List the access levels that the targets offer, and how many people are to have each',
    ['gatehouse levels list', 'gatehouse levels list --target hq --json'],
  )
    .option('--target <target>', 'only those of this target')
    .action((options: CallOptions & { target?: string }) =>
      withClient(context, options, async (client) => {
        const query = options.target === undefined ? '' : `?${new URLSearchParams({ target: options.target })}`
        const { levels } = await client.get(`/v1/levels${query}`, z.object({ levels: z.array(levelView) }))
        show(context, options, levels, (rows) => formatLevels(rows, context.terminal.colours))
      }),
    )
  return describe('levels', 'Access levels', ['gatehouse levels list']).addCommand(list)
}

type Level = z.output<typeof levelView>

function formatLevels(levels: readonly Level[], colours: boolean): string {
  const table = formatTable(
    [
      { title: 'target', of: (level) => level.target },
      { title: 'id there', of: (level) => level.externalId },
      { title: 'name', of: (level) => level.name },
      { title: 'in rules', of: (level) => (level.usedByRules ? 'yes' : 'no') },
      { title: 'people', of: (level) => level.people, right: true },
    ],
    levels,
    colours,
  )
  const idle = levels.filter(({ usedByRules, people }) => usedByRules && people === 0)
  if (idle.length === 0) return table
  const names = idle.map(({ target, name }) => `${target}/${name}`).join(', ')
  const label = paint('yellow', 'Rules name these, and nobody is to have one now:', colours)
  return `${table}\n${label}\n${wrapped(names, '  ')}\n${wrapped(advice, '')}\n`
}

const advice =
  'Where somebody should, compare the names in the condition of the rule with what the source says: gatehouse person explain <person>'
