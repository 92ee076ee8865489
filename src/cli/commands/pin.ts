/** PINs: issue. */
import type { Command } from 'commander'
import { issuedPinView } from '../../api/schemas/pins.ts'
import { type CallOptions, type Context, describe, describeCall, show } from '../command.ts'
import { plain } from '../plain.ts'
import { byHelp, withPerson } from '../with-person.ts'

export function pinCommand(context: Context): Command {
  return describe('pin', 'Issue PINs', [
    'gatehouse pin issue 4711 --reason "forgot it, shown the passport"',
  ]).addCommand(issueCommand(context))
}

function issueCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('issue', 'Draw a new PIN; it is shown this once, alone on standard output', [
    'gatehouse pin issue 4711 --reason "forgot it, shown the passport"',
    'gatehouse pin issue 4711 --target hq --reason "new at this site"',
  ])
    .argument('<person>', byHelp)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--target <target>', 'only there; else wherever the person has an account')
    .action((by: string, options: CallOptions & { reason: string; target?: string }) =>
      withPerson(context, options, by, async (client, person) => {
        const { reason, target = null } = options
        const issued = await client.post(`/v1/people/${person}/pin`, { reason, target }, issuedPinView)
        if (options.json !== true) terminal.err(`for ${plain(issued.targets.join(', '))}; shown this once\n`)
        for (const { target: where, code } of issued.refused)
          terminal.err(`NOT taken at ${plain(where)}: ${plain(code)}\n`)
        show(context, options, issued, ({ pin }) => `${plain(pin)}\n`)
      }),
    )
}
