/** A sealed copy of all that a gateway holds, and an empty database made into what such a copy holds. */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import {
  type CallOptions,
  type Context,
  configOption,
  describe,
  describeCall,
  nextCommand,
  show,
  withClient,
} from '../command.ts'
import type { RestoreResult } from '../local.ts'
import { writeNewFile } from '../new-file.ts'
import { counted, plain, plainTime, wrapped } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, paint } from '../table.ts'

export function backupCommand(context: Context): Command {
  const { terminal } = context
  return describeCall('backup', 'Write a sealed copy of all that the gateway holds into a new file, while it runs', [
    'gatehouse backup gatehouse-2026-03-01.backup --reason "nightly"',
    'gatehouse backup /mnt/backup/before-upgrade.backup --reason "before the upgrade"',
  ])
    .argument('<file>', 'a new file; only the keyring opens it')
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .action((file: string, options: CallOptions & { reason: string }) =>
      withClient(context, options, async (client) => {
        let written = 0
        const writing = writeNewFile(file, client.download('/v1/backup', { reason: options.reason }), (bytes) => {
          written = bytes
        })
        const bytes = await withProgress(terminal, () => `backing up, ${megabytes(written)}`, writing)
        terminal.err(
          'The keys are not in it: keep the keyring and the external key elsewhere, each in its own place.\n',
        )
        show(context, options, { file, bytes }, () => `${plain(file)}: ${counted(bytes, 'byte')}\n`)
      }),
    )
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

export function restoreCommand(context: Context): Command {
  const { terminal } = context
  return describe(
    'restore',
    'Load a backup into the empty database that the configuration names; `start` goes on from there',
    [
      'gatehouse restore gatehouse-2026-03-01.backup --reason "the machine is lost"',
      'gatehouse restore last.backup --config /etc/gatehouse/gatehouse.yaml --subject alex --reason "moved to a database server"',
    ],
  )
    .argument('<file>', 'what `gatehouse backup` wrote')
    .option(...configOption)
    .requiredOption('--reason <text>', 'why: it goes into the audit trail')
    .option('--subject <name>', 'who gets the only token that works, with the role admin', userInfo().username)
    .option('--json', 'print JSON')
    .action(async (file: string, options: { config: string; reason: string; subject: string; json?: boolean }) => {
      const { json: _, ...request } = options
      const rows = { checked: 0, loaded: 0 }
      const local = await terminal.loadLocalGateway()
      const restoring = local.restoreGateway({
        ...request,
        file,
        onRows: (step, more) => {
          rows[step] += more
        },
      })
      const label = () =>
        rows.loaded === 0 ? `checking, ${rows.checked} rows` : `loading, ${rows.loaded} of ${rows.checked} rows`
      const restored = await withProgress(terminal, label, restoring)
      show(context, options, restored, (done) => formatRestored(done, options, terminal.colours))
    })
}

function formatRestored(
  restored: RestoreResult,
  { config, subject }: { config: string; subject: string },
  colours: boolean,
): string {
  const { gatewayId, madeAt, rows, migrated, tokensRevoked, plansSetAside, tokenPath } = restored
  const facts = formatPairs([
    ['gateway', gatewayId],
    ['as it was at', plainTime(madeAt)],
    ['rows', rows],
    ...(migrated.length === 0 ? [] : [['schema', `brought up to date: ${migrated.join(', ')}`] as const]),
    ['tokens revoked', tokensRevoked],
    ['plans set aside', plansSetAside],
    ['token', `${tokenPath} (${subject}, role admin)`],
  ])
  const lost = [
    `What was decided after ${plainTime(madeAt)} is not in this store: locks by operators, releases of plans, tokens, and the end of the audit trail.`,
    'At its start the gateway shuts out again everybody who was out. Whoever a door system shows shut since then stays shut, and is locked until an operator unlocks them by name; not when a large part of a door system is found shut, which raises restore.many-shut.',
    'It reads every source from the beginning: deliver the newest complete file again. Nothing else is changed at a door system before a person has released the next plan.',
  ]
  const warned = lost.map((text) => `${wrapped(text, '  ')}\n`).join('')
  return `${facts}\n${paint('yellow', 'What you should know', colours)}\n${warned}\n${nextCommand('start', config)}`
}
