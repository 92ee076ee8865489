/** Individual grants: give, revoke, list. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { GrantView } from '../../api/acts/grants.ts'
import { pageOf } from '../../api/route.ts'
import { grantView } from '../../api/schemas/grants.ts'
import { type CallOptions, type Context, describe, describeCall, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { describeList, type PageOptions, pagePath, showPage } from '../page.ts'
import { counted, plain, plainTime } from '../plain.ts'
import { formatTable } from '../table.ts'
import { byHelp, withPerson } from '../with-person.ts'

export function grantCommand(context: Context): Command {
  return describe('grant', 'Give one person a right by name, and take it back', [
    'gatehouse grant add 4711 "hq/Lab doors" --until 2026-03-06 --reason "visiting engineer, asked for by the lab"',
    'gatehouse grant list 4711',
    'gatehouse grant revoke 4711 "hq/Lab doors" --reason "work is done"',
  ])
    .addCommand(addCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(listCommand(context))
}

interface AddOptions extends CallOptions {
  readonly until?: string
  /** False with `--no-end`. */
  readonly end: boolean
  readonly reason: string
}

function addCommand(context: Context): Command {
  return describeCall('add', 'Give a person an access level at once, until a time', [
    'gatehouse grant add 4711 "hq/Lab doors" --until 8h --reason "fetches samples"',
    'gatehouse grant add 4711 "hq/Lab doors" --until 2026-03-06T17:00 --reason "works on the cooling until Friday"',
    'gatehouse grant add 4711 "hq/Lab doors" --no-end --reason "first aider of that floor"',
  ])
    .argument('<person>', byHelp)
    .argument('<level>', 'target/name, as `levels list` shows it')
    .option('--until <when>', 'a duration (8h, 5d), a last day (2026-03-06) or a time (2026-03-06T17:00)')
    .option('--no-end', 'without an end: it stays until somebody revokes it, or the person leaves')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((by: string, level: string, options: AddOptions) => {
      const { until, end, reason } = options
      if (end === (until === undefined))
        throw new CliError(exitCodes.usage, 'say how long: --until with a time, or --no-end')
      return withPerson(context, options, by, async (client, id) => {
        const grant = await client.post(`/v1/people/${id}/grants`, { level, until: until ?? null, reason }, grantView)
        show(
          context,
          options,
          grant,
          () =>
            `given until ${untilOf(grant)}: grant ${plain(grant.id)}${grant.waits === null ? '' : `; ${waitsOf(grant)}`}\n`,
        )
      })
    })
}

function revokeCommand(context: Context): Command {
  return describeCall('revoke', 'Take an individual grant back at once; what the rules give stays', [
    'gatehouse grant revoke 0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01 --reason "work is done"',
    'gatehouse grant revoke 4711 "hq/Lab doors" --reason "work is done"',
  ])
    .argument('<grant>', 'id of the grant, or the person who has it')
    .argument('[level]', 'with a person: which level, as target/name')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((given: string, level: string | undefined, options: CallOptions & { reason: string }) => {
      const { reason } = options
      if (level === undefined)
        return withClient(context, options, async (client) => {
          await client.send('POST', `/v1/grants/${encodeURIComponent(given)}/revoke`, { reason })
          show(context, options, { revoked: [given] }, () => 'revoked\n')
        })
      return withPerson(context, options, given, async (client, id) => {
        const { grants } = await client.get(`/v1/people/${id}/grants`, z.object({ grants: z.array(grantView) }))
        const revoked = grants.filter((grant) => grant.level === level).map((grant) => grant.id)
        if (revoked.length === 0)
          throw new CliError(exitCodes.failed, `this person has no individual grant of ${plain(level)} [grant.unknown]`)
        for (const grant of revoked) await client.send('POST', `/v1/grants/${grant}/revoke`, { reason })
        show(context, options, { revoked }, () => `${counted(revoked.length, 'grant')} revoked\n`)
      })
    })
}

function listCommand(context: Context): Command {
  const { terminal } = context
  const examples = ['gatehouse grant list', 'gatehouse grant list 4711 --json']
  return describeList('list', 'List individual grants that are not over, of one person or of all', examples, {
    counted: 'how many, of all',
    limit: '100',
  })
    .argument('[person]', byHelp)
    .action((by: string | undefined, options: PageOptions) => {
      // Both ids do not fit on a screen: whose it is, or which one it is, is known from the command.
      const print = (id: 'person' | 'id', rows: readonly GrantView[]) => formatGrants(id, rows, terminal.colours)
      if (by !== undefined)
        return withPerson(
          context,
          options,
          by,
          async (client, id) => {
            const { grants } = await client.get(`/v1/people/${id}/grants`, z.object({ grants: z.array(grantView) }))
            show(context, options, { rows: grants, next: null }, ({ rows }) => print('id', rows))
          },
          false,
        )
      return withClient(context, options, (client) => {
        const path = pagePath('/v1/grants', options)
        return showPage(context, client, options, { path, schema: pageOf(grantView) }, ({ rows }) =>
          print('person', rows),
        )
      })
    })
}

function formatGrants(id: 'person' | 'id', rows: readonly GrantView[], colours: boolean): string {
  return formatTable(
    [
      { title: id === 'id' ? 'grant' : 'person', of: (grant) => grant[id] },
      { title: 'level', of: (grant) => grant.level },
      { title: 'until', of: untilOf },
      { title: 'by', of: (grant) => grant.by },
      { title: 'waits', of: (grant) => grant.waits },
    ],
    rows,
    colours,
  )
}

function untilOf({ until }: GrantView): string {
  return until === null ? 'somebody revokes it' : plainTime(until)
}

const waits: Readonly<Record<string, string>> = {
  locked: 'opens nothing while the person is locked',
  suspended: 'opens nothing while the person is suspended',
  future: 'opens nothing before the first day of the person',
  left: 'opens nothing: the person has left',
  unknown: 'opens nothing until the source tells enough about the person',
  observe: 'opens nothing while the target is only observed',
  'first-plan': 'opens nothing before the first plan of the target is released',
  restored: 'opens nothing while the target may have been restored from a backup',
  'no-account': 'opens nothing yet: there is no account at the target',
}

function waitsOf(grant: GrantView): string {
  return waits[grant.waits ?? ''] ?? plain(grant.waits)
}
