/** A person decides about a proposed configuration: lets it into force, or refuses it. */
import type pg from 'pg'
import { isBrakeEdit, loosenedBrakes } from '../../../config/brakes.ts'
import type { Config, SubscriptionConfig } from '../../../config/config.ts'
import type { Edit } from '../../../config/edits.ts'
import { recordAudit } from '../../audit/record.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal, type RefusalCode } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import { changeConfigVersion, configVersions, lockConfigVersions } from '../../store/config-versions.ts'
import type { ConfigVersionRow } from '../../store/guards.ts'
import { registerTargets } from '../../store/standings.ts'
import { registerSubscriptions } from '../../store/subscriptions/row.ts'
import { lockTargetMode, saveTargetMode } from '../../store/target-modes.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { Hold } from '../plan/brake.ts'
import type { Ground } from './in-force.ts'
import { alarmScope, digestsIn } from './offer.ts'

export interface Candidate {
  readonly row: ConfigVersionRow
  /** What is in force, and what is proposed; null when it can't be loaded. */
  readonly before: Config
  readonly after: Config | null
  readonly edits: readonly Edit[]
}

/**
 * Why a proposed version can't be released as things are; empty when it can. Who can edit the file but has no token must not get
 * a limit and what exceeds it past one decision: so a brake is loosened alone, and never under a plan that it holds.
 */
export async function obstacles(
  client: pg.ClientBase | pg.Pool,
  { row, before, after, edits }: Candidate,
): Promise<readonly RefusalCode[]> {
  if (after === null) return ['config.unusable']
  const found: RefusalCode[] = row.effect === null ? ['config.not-counted'] : []
  const isFedAnew = ([id, { feed }]: [string, SubscriptionConfig]) =>
    before.subscriptions[id] !== undefined && before.subscriptions[id].feed !== feed
  if (Object.entries(after.subscriptions).some(isFedAnew)) found.push('config.feed-changed')
  if (loosenedBrakes(before, after).length === 0) return found
  if (!edits.every(isBrakeEdit)) found.push('config.brakes-alone')
  if (await anyBraked(client)) found.push('config.brakes-hold')
  return found
}

const held: ReadonlySet<Hold['why']> = new Set<Hold['why']>(['brake', 'suspect', 'pull'])

/** Whether some plan waits because a brake holds it. Forged rows count too: at worst a release waits. */
async function anyBraked(client: pg.ClientBase | pg.Pool): Promise<boolean> {
  const { rows } = await client.query<{ holds: string }>(`select holds from plan where state = 'held'`)
  return rows.some(({ holds }) => (JSON.parse(holds) as Hold[]).some(({ why }) => held.has(why)))
}

/**
 * Lets `candidate` into force, if it is still the one that waits. Every process goes over to it within moments.
 * @throws Refusal `config.not-proposed`, or what `obstacles` names.
 */
export async function releaseConfiguration(
  ground: Ground,
  candidate: Candidate,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  const { before, after } = candidate
  const added = Object.keys(after?.targets ?? {}).filter((id) => before.targets[id] === undefined)
  const subscribed = Object.entries(after?.subscriptions ?? {}).flatMap(([id, { feed, from }]) =>
    before.subscriptions[id] === undefined ? [{ id, feed, from }] : [],
  )
  await decide(ground, candidate.row, async (client, row, others) => {
    const [obstacle] = await obstacles(client, { ...candidate, row })
    if (obstacle !== undefined) throw new Refusal(obstacle)
    const at = ground.now()
    for (const other of others.filter(({ state }) => state === 'released'))
      await changeConfigVersion(client, ground.vault, other, {
        state: 'superseded',
        decided_at: at,
        decided_by: subject,
      })
    await changeConfigVersion(client, ground.vault, row, { state: 'released', decided_at: at, decided_by: subject })
    await registerTargets(client, ground.vault, added)
    await registerSubscriptions(client, ground.vault, subscribed, at)
    await observeOnly(client, ground, added, subject)
    await recordAudit(client, ground.vault, {
      actor: subject,
      action: 'config.released',
      object: row.id,
      details: {
        reason,
        number: row.number,
        digest: row.digest.toString('hex'),
        effect: row.effect,
        ...digestsIn(after?.deciding ?? {}),
      },
    })
  })
}

/** Makes sure that targets have their rows; returns those that had none. */
export async function registerNewTargets(
  client: pg.ClientBase,
  { vault }: Ground,
  targets: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('select id from target where id = any($1::text[])', [targets])
  const added = targets.filter((target) => rows.every(({ id }) => id !== target))
  await registerTargets(client, vault, added)
  return added
}

/** A target that was not there before is only observed, whatever the file says of it, until a person enables it. */
export async function observeOnly(
  client: pg.ClientBase,
  { vault, now }: Ground,
  targets: readonly string[],
  subject: SubjectId,
): Promise<void> {
  for (const id of targets) {
    // A target is registered before it is released.
    const row = certain(await lockTargetMode(client, vault, id))
    const observed = { mode: 'observe', mode_at: now(), mode_by: subject, first_release_at: null } as const
    await saveTargetMode(client, vault, { ...row, ...observed })
  }
}

/** It is not proposed again until the file changes. @throws Refusal `config.not-proposed`. */
export async function rejectConfiguration(
  ground: Ground,
  version: ConfigVersionRow,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await decide(ground, version, async (client, row) => {
    const decided = { state: 'rejected', decided_at: ground.now(), decided_by: subject } as const
    await changeConfigVersion(client, ground.vault, row, decided)
    await recordAudit(client, ground.vault, {
      actor: subject,
      action: 'config.rejected',
      object: row.id,
      details: { reason, number: row.number, digest: row.digest.toString('hex') },
    })
  })
}

async function decide(
  { database, vault }: Ground,
  version: ConfigVersionRow,
  work: (client: pg.ClientBase, row: ConfigVersionRow, others: readonly ConfigVersionRow[]) => Promise<void>,
): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    await lockConfigVersions(client)
    const { genuine } = await configVersions(client, vault)
    const row = genuine.find(
      ({ id, state, digest }) => id === version.id && state === 'proposed' && digest.equals(version.digest),
    )
    if (row === undefined) throw new Refusal('config.not-proposed')
    await work(client, row, genuine)
    await clearAlarm(client, vault, 'config.proposed', alarmScope(row))
  })
}
