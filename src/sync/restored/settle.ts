/** Notices when a restored store has caught up with its targets and sources, and says what it waits for until then. */
import { recordAudit } from '../../audit/record.ts'
import { clearAlarm, readAlarms, setAlarms } from '../../store/alarms.ts'
import { heardSources, openRestore, saveRestore } from '../../store/restores.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { stockTaken } from './gate.ts'

/** Called by the scheduler, again and again; costs one small query when nothing was restored. */
export async function settleRestore(context: SyncContext): Promise<void> {
  const { database, vault } = context
  const open = await openRestore(database.pool, vault)
  if (open === null) return
  if (open.forged) {
    await tellForged(database.pool, context, 'restore')
    return
  }
  const seen = await readAlarms(database.pool, 'restore.awaits-source')
  const heard = heardSources(open)
  const awaited = [...context.sources.keys()].filter((source) => !heard.includes(source)).sort()
  for (const source of await setAlarms(database.pool, vault, 'restore.awaits-source', awaited, seen))
    context.log('warn', 'restore.awaits-source', { source })
  const taken = stockTaken(open)
  if (awaited.length > 0 || ![...context.targets.keys()].every((id) => taken.includes(id))) return
  await inTransaction(database.pool, async (client) => {
    const { rowCount } = await client.query(`select from plan where state = 'held' limit 1`)
    const locked = await openRestore(client, vault, true)
    if (rowCount !== 0 || locked === null || locked.forged) return
    await saveRestore(client, vault, { ...locked.row, settled_at: context.now() })
    await clearAlarm(client, vault, 'restore.unsettled', '')
    await recordAudit(client, vault, {
      actor: 'engine',
      action: 'gateway.restore-settled',
      object: locked.row.id,
      details: { madeAt: locked.row.made_at.toISOString() },
    })
    context.log('info', 'restore.settled')
  })
}
