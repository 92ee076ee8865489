/** Compares the file with what is in force: an edit is proposed, and the file of an empty gateway is released by itself. */
import type pg from 'pg'
import { asMap } from '../../../config/checks.ts'
import { type Deciding, decodeDeciding, encodeDeciding } from '../../../config/deciding.ts'
import { editsBetween } from '../../../config/edits.ts'
import { templateDigestsOf } from '../../../config/template-digests.ts'
import { recordAudit } from '../../audit/record.ts'
import type { SubjectId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import {
  changeConfigVersion,
  configDigest,
  configText,
  configVersions,
  insertConfigVersion,
  isAnybodyKnown,
  lockConfigVersions,
} from '../../store/config-versions.ts'
import type { ConfigVersionRow } from '../../store/guards.ts'
import { registerTargets } from '../../store/standings.ts'
import { type DeclaredSubscription, registerSubscriptions } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Effect } from './dry-run.ts'
import { type Ground, type InForce, versionInForce } from './in-force.ts'

/** What became of an offered file: it is what runs, waits for a decision, or was refused before. */
export type Standing = 'in-force' | 'proposed' | 'rejected'

export interface Offer {
  readonly deciding: Deciding
  /** Null: a start of the gateway. */
  readonly by: SubjectId | null
}

/** Whether the file says what is in force. Where it does not, this process runs what it does not say. */
export function saysTheSame({ vault }: Pick<Ground, 'vault'>, deciding: Deciding, { row }: InForce): boolean {
  return configDigest(vault, encodeDeciding(deciding)).equals(row.digest)
}

/** Paths named in the audit trail; the rest is counted. */
const pathsNamed = 100

/** Nobody is known yet, so nobody's rights hang on the file: it is the first version, by itself. True when it was. */
export async function releaseFirst(ground: Ground, deciding: Deciding): Promise<boolean> {
  const { database, vault, now } = ground
  return inTransaction(database.pool, async (client) => {
    await lockConfigVersions(client)
    if (await isAnybodyKnown(client)) return false
    const row = await insertConfigVersion(client, vault, {
      number: 1,
      state: 'released',
      created_at: now(),
      decided_at: now(),
      decided_by: null,
      text: encodeDeciding(deciding),
    })
    await registerTargets(client, vault, Object.keys(asMap(deciding.targets)))
    await registerSubscriptions(client, vault, declaredSubscriptions(deciding), now(), { whateverRows: true })
    await recordAudit(client, vault, {
      actor: 'engine',
      action: 'config.released',
      object: row.id,
      details: { number: 1, digest: row.digest.toString('hex'), first: true, ...digestsIn(deciding) },
    })
    return true
  })
}

/** For the audit trail: at which targets keyed digests of templates are made under this version, each with its legal basis. */
export function digestsIn(deciding: Deciding): { readonly templateDigests?: Readonly<Record<string, string>> } {
  const templateDigests = templateDigestsOf(deciding)
  return Object.keys(templateDigests).length === 0 ? {} : { templateDigests }
}

/** Subscriptions as they are written. */
export function declaredSubscriptions({ subscriptions }: Deciding): readonly DeclaredSubscription[] {
  return Object.entries(asMap(subscriptions)).map(([id, each]) => ({
    id,
    feed: asMap(each).feed === 'punches' ? 'punches' : 'events',
    from: asMap(each).from === 'start' ? 'start' : 'now',
  }))
}

/**
 * Proposes the file when it differs from what is in force, and takes back what was proposed before. A start does not propose again what
 * a person refused; a person may. @throws Refusal `config.none-released`.
 */
export async function offerConfiguration(ground: Ground, offer: Offer): Promise<Standing> {
  const inForce = await versionInForce(ground)
  const text = encodeDeciding(offer.deciding)
  const digest = configDigest(ground.vault, text)
  return inTransaction(ground.database.pool, async (client) => {
    await lockConfigVersions(client)
    const { genuine } = await configVersions(client, ground.vault)
    const waiting = genuine.filter(({ state }) => state === 'proposed')
    const [newest = inForce.row] = genuine
    if (digest.equals(inForce.row.digest)) {
      await takeBack(client, ground, waiting, offer.by)
      return 'in-force'
    }
    if (newest.digest.equals(digest)) {
      if (newest.state === 'proposed') {
        // A person who asks again wants it counted again.
        if (offer.by !== null) await changeConfigVersion(client, ground.vault, newest, { effect: null })
        return 'proposed'
      }
      if (newest.state === 'rejected' && offer.by === null) return 'rejected'
    }
    await takeBack(client, ground, waiting, offer.by)
    await propose(client, ground, offer, { inForce, text, number: newest.number + 1 })
    return 'proposed'
  })
}

async function propose(
  client: pg.ClientBase,
  ground: Ground,
  { deciding, by }: Offer,
  { inForce, text, number }: { readonly inForce: InForce; readonly text: string; readonly number: number },
): Promise<void> {
  const { vault, log, now } = ground
  const row = await insertConfigVersion(client, vault, {
    number,
    state: 'proposed',
    created_at: now(),
    decided_at: null,
    decided_by: null,
    text,
  })
  const scope = alarmScope(row)
  await raiseAlarm(client, vault, 'config.proposed', scope)
  log('warn', 'config.proposed', { scope })
  const paths = pathsBetween(inForce.deciding, deciding)
  await recordAudit(client, vault, {
    actor: by ?? 'engine',
    action: 'config.proposed',
    object: row.id,
    details: {
      number,
      digest: row.digest.toString('hex'),
      edits: paths.length,
      paths: paths.slice(0, pathsNamed).map((path) => path.slice(0, 200)),
    },
  })
}

function pathsBetween(before: Deciding, after: Deciding): readonly string[] {
  const secret = { isSecret: () => true, keysAt: () => [] }
  return editsBetween(before, after, { before: secret, after: secret }).map(({ path }) => path)
}

/** The file says something else now: what was proposed is no longer asked for. */
async function takeBack(
  client: pg.ClientBase,
  { vault, log, now }: Ground,
  waiting: readonly ConfigVersionRow[],
  by: SubjectId | null,
): Promise<void> {
  for (const row of waiting) {
    await changeConfigVersion(client, vault, row, { state: 'superseded', decided_at: now(), decided_by: by })
    await clearAlarm(client, vault, 'config.proposed', alarmScope(row))
    log('warn', 'config.withdrawn', { scope: alarmScope(row) })
    await recordAudit(client, vault, {
      actor: by ?? 'engine',
      action: 'config.withdrawn',
      object: row.id,
      details: { number: row.number },
    })
  }
}

/** `version-3`: what an alarm about a version is called. */
export function alarmScope({ number }: Pick<ConfigVersionRow, 'number'>): string {
  return `version-${number}`
}

/** What waits for a decision, opened; null when nothing does. */
export async function proposedVersion(ground: Ground): Promise<InForce | null> {
  const { pool } = ground.database
  const { genuine } = await configVersions(pool, ground.vault)
  const row = genuine.find(({ state }) => state === 'proposed')
  const text = row === undefined ? null : await configText(pool, ground.vault, row)
  return row === undefined || text === null ? null : { row, deciding: decodeDeciding(text) }
}

/** Keeps what a proposed version would change, for whoever decides about it. */
export async function noteEffect(
  { database, vault }: Ground,
  version: ConfigVersionRow,
  effect: Effect,
): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    await lockConfigVersions(client)
    const { genuine } = await configVersions(client, vault)
    const row = genuine.find(({ id, state }) => id === version.id && state === 'proposed')
    if (row !== undefined) await changeConfigVersion(client, vault, row, { effect: JSON.stringify(effect) })
  })
}
