/** The way out when nothing released can be trusted, or run: an admin releases what the file says, by name. */

import { asMap } from '../../../config/checks.ts'
import { type Deciding, encodeDeciding } from '../../../config/deciding.ts'
import { lastRelease } from '../../audit/last-release.ts'
import { recordAudit } from '../../audit/record.ts'
import type { SubjectId } from '../../model/id.ts'
import { nullWhenRefused, Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import {
  changeConfigVersion,
  configVersions,
  deleteConfigVersions,
  insertConfigVersion,
  lockConfigVersions,
} from '../../store/config-versions.ts'
import { registerSubscriptions } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import { observeOnly, registerNewTargets } from './decide.ts'
import { type Ground, type InForce, versionInForce } from './in-force.ts'
import { alarmScope, declaredSubscriptions, digestsIn } from './offer.ts'

export interface Adoption {
  readonly deciding: Deciding
  readonly subject: SubjectId
  readonly reason: string
}

/**
 * Returns the number of the new version; everybody is resolved under it once the gateway runs. What was changed outside Gatehouse is
 * deleted. `runs` tells whether the released version, if there is one, can be run. @throws Refusal `config.released-runs`.
 */
export async function adoptConfiguration(
  ground: Ground,
  { deciding, subject, reason }: Adoption,
  runs: (released: InForce) => Promise<boolean>,
): Promise<number> {
  const { database, vault, now } = ground
  const released = await versionInForce(ground).catch(nullWhenRefused)
  // What can be released in the ordinary way is shown and counted before it is.
  if (released !== null && (await runs(released))) throw new Refusal('config.released-runs')
  return inTransaction(database.pool, async (client) => {
    await lockConfigVersions(client)
    const { genuine, forged } = await configVersions(client, vault)
    const at = now()
    const over = { state: 'superseded', decided_at: at, decided_by: subject } as const
    for (const row of genuine.filter(({ state }) => state === 'released' || state === 'proposed')) {
      await changeConfigVersion(client, vault, row, over)
      await clearAlarm(client, vault, 'config.proposed', alarmScope(row))
      await clearAlarm(client, vault, 'guard.failed', row.id)
    }
    await deleteConfigVersions(client, forged)
    for (const id of forged) await clearAlarm(client, vault, 'guard.failed', id)
    // Above whatever any process runs by, also when its row is gone.
    const told = await lastRelease(client, vault)
    const number = Math.max(genuine[0]?.number ?? 0, told?.number ?? 0) + 1
    const row = await insertConfigVersion(client, vault, {
      ...{ number, state: 'released', created_at: at, decided_at: at, decided_by: subject },
      text: encodeDeciding(deciding),
    })
    await registerSubscriptions(client, vault, declaredSubscriptions(deciding), at, { whateverRows: true })
    const added = await registerNewTargets(client, ground, Object.keys(asMap(deciding.targets)))
    await observeOnly(client, ground, added, subject)
    await recordAudit(client, vault, {
      actor: subject,
      action: 'config.released',
      object: row.id,
      details: {
        reason,
        number,
        digest: row.digest.toString('hex'),
        adopted: true,
        deleted: forged.length,
        ...digestsIn(deciding),
      },
    })
    return number
  })
}
