/** Turns over the keys that people's data keys are wrapped under: a new epoch when it is due, and an end of the oldest. */
import { recordAudit } from '../../audit/record.ts'
import { errorCode } from '../../model/error-code.ts'
import type { SubjectId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { currentEpoch, type EpochKey, type Keyring } from '../../vault/keyring.ts'
import { withEmptyEpochs, withNewEpoch, withoutEpoch } from '../../vault/rotation.ts'
import type { SyncContext } from '../context.ts'
import { closeErasures } from '../erasure/statement.ts'
import { changeKeyring } from './change-keyring.ts'
import { rewrapAll } from './rewrap.ts'

/** How long an epoch lasts. */
export const epochMs = 30 * 24 * 3_600_000
/** Within this every process has noticed a new epoch, and wraps nobody under the one before. */
const noticedMs = 60_000

/** A person has everybody wrapped under a new key; the scheduler does it, from the next seconds on. Returns the new epoch's id. */
export async function rotateEpoch(context: SyncContext, subject: SubjectId, reason: string): Promise<string> {
  return startEpoch(context, subject, { reason })
}

async function startEpoch(
  context: SyncContext,
  actor: string,
  details: Readonly<Record<string, string>>,
): Promise<string> {
  let epoch = ''
  await changeKeyring(context, async (client, keyring) => {
    const next = withNewEpoch(keyring, context.now())
    epoch = currentEpoch(next).id
    await recordAudit(client, context.vault, {
      actor,
      action: 'keys.rotated',
      object: epoch,
      details: { ...details, before: currentEpoch(keyring).id },
    })
    return next
  })
  return epoch
}

/** Called by the scheduler again and again. Trouble is an alarm, and stops nothing else. */
export async function turnEpochs(context: SyncContext, signal: AbortSignal): Promise<void> {
  const { pool } = context.database
  try {
    await turn(context, signal)
    await clearAlarm(pool, context.vault, 'keys.failed', '')
  } catch (error) {
    if (await raiseAlarm(pool, context.vault, 'keys.failed', ''))
      context.log('error', 'keys.failed', { code: errorCode(error) })
  }
}

async function turn(context: SyncContext, signal: AbortSignal): Promise<void> {
  if (isDue(context.keyring.current, context.now())) await startEpoch(context, 'clock', { why: 'due' })
  const begun = context.now()
  const { complete, moved, from } = await rewrapAll(context, signal)
  if (moved > 0) context.log('info', 'keys.rewrapped', { count: moved })
  if (!complete) return
  await noteEmpty(context, begun, from)
  await destroyOld(context)
}

function isDue(keyring: Keyring, now: Date): boolean {
  return Date.parse(currentEpoch(keyring).createdAt) + epochMs <= now.getTime()
}

/** `from`: the epochs of the keys that a whole look, begun at `begun`, had to move. */
async function noteEmpty(context: SyncContext, begun: Date, from: ReadonlySet<string>): Promise<void> {
  const filled = (epoch: EpochKey): boolean => epoch.emptyAt !== null && from.has(epoch.id)
  const emptied = (epoch: EpochKey, index: number, all: readonly EpochKey[]): boolean => {
    const next = all[index + 1]
    return (
      next !== undefined &&
      epoch.emptyAt === null &&
      !from.has(epoch.id) &&
      Date.parse(next.createdAt) + noticedMs <= begun.getTime()
    )
  }
  const { epochs } = context.keyring.current
  if (!epochs.some(filled) && !epochs.some(emptied)) return
  await changeKeyring(context, async (_client, keyring) => {
    const ids = (choose: typeof emptied) => keyring.epochs.filter(choose).map(({ id }) => id)
    // An older database was restored: its people are wrapped anew by now, and its epochs wait once more.
    return withEmptyEpochs(withEmptyEpochs(keyring, ids(filled), null), ids(emptied), context.now())
  })
}

/** Whatever backups still hold of the people under these epochs, nobody can open any more. */
async function destroyOld(context: SyncContext): Promise<void> {
  const isOver = ({ emptyAt }: EpochKey): boolean =>
    emptyAt !== null && Date.parse(emptyAt) + context.backupHorizonMs <= context.now().getTime()
  if (!context.keyring.current.epochs.some(isOver)) return
  await changeKeyring(context, async (client, keyring) => {
    const over = keyring.epochs.filter(isOver)
    for (const { id, createdAt, emptyAt } of over)
      await recordAudit(client, context.vault, {
        actor: 'clock',
        action: 'keys.epoch-destroyed',
        object: id,
        details: { createdAt, emptyAt },
      })
    await closeErasures(
      client,
      context,
      over.map(({ id }) => id),
    )
    return over.reduce((left, { id }) => withoutEpoch(left, id), keyring)
  })
}
