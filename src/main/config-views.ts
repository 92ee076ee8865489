/** The configuration as callers see it: what is in force, what was edited, and what would follow; no secret is ever in it. */
import type { Config } from '../../config/config.ts'
import { editsBetween } from '../../config/edits.ts'
import { fileShape } from '../../config/file-shape.ts'
import { ConfigError } from '../../config/problem.ts'
import type { ConfigView, ProposedConfigView } from '../api/acts/configuration.ts'
import type { PlanView } from '../api/acts/plans.ts'
import { Refusal } from '../model/refusal.ts'
import { type Candidate, obstacles } from '../sync/configuration/decide.ts'
import type { Effect } from '../sync/configuration/dry-run.ts'
import type { InForce } from '../sync/configuration/in-force.ts'
import { proposedVersion } from '../sync/configuration/offer.ts'
import { openAlarmWebhook } from './alarm-webhook.ts'
import { configNotes, idleRules } from './config-notes.ts'
import { configurable } from './connections.ts'
import { GatewayError } from './gateway-error.ts'
import type { Opened } from './opened.ts'

/** What the acts of one generation know of the configuration. */
export interface ConfigurationParts {
  readonly opened: Opened
  /** What runs here. */
  readonly config: Config
  readonly version: InForce
}

export async function configurationView(parts: ConfigurationParts): Promise<ConfigView> {
  const { row, deciding } = parts.version
  const proposed = await proposedVersion(parts.opened.ground)
  return {
    released: {
      version: row.number,
      digest: row.digest.toString('hex'),
      releasedAt: (row.decided_at ?? row.created_at).toISOString(),
      releasedBy: row.decided_by,
      sections: deciding,
    },
    proposed: proposed === null ? null : await proposedView(parts, proposed),
  }
}

async function proposedView(parts: ConfigurationParts, proposed: InForce): Promise<ProposedConfigView> {
  const { row } = proposed
  const { candidate, problems } = await candidateOf(parts, proposed)
  const effect = effectOf(row)
  const given = effect?.given === undefined || effect.given.length === 0 ? null : effect.given
  const found = await obstacles(parts.opened.store.database.pool, candidate)
  return {
    version: row.number,
    digest: row.digest.toString('hex'),
    proposedAt: row.created_at.toISOString(),
    edits: candidate.edits,
    notes: [...configNotes(candidate), ...idleRules(candidate, given)],
    effect: effect === null ? null : { ...effect, given },
    obstacles: [
      ...found.map((code) => ({ code, message: new Refusal(code).message })),
      ...problems.map((message) => ({ code: 'config.refused', message })),
    ],
  }
}

/** What is proposed, loaded as this process would run it; `problems` says why it can't be. */
export async function candidateOf(
  { opened, config, version }: ConfigurationParts,
  proposed: InForce,
): Promise<{ readonly candidate: Candidate; readonly problems: readonly string[] }> {
  const shapes = {
    before: fileShape(version.deciding, configurable),
    after: fileShape(proposed.deciding, configurable),
  }
  const candidate = {
    row: proposed.row,
    before: config,
    edits: editsBetween(version.deciding, proposed.deciding, shapes),
  }
  try {
    const name = `the proposed configuration (version ${proposed.row.number})`
    const after = await opened.read({ deciding: proposed.deciding, name })
    await openAlarmWebhook(after)?.close()
    return { candidate: { ...candidate, after }, problems: [] }
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof GatewayError)) throw error
    return { candidate: { ...candidate, after: null }, problems: error.message.split('\n') }
  }
}

function effectOf({ effect }: InForce['row']): Effect | null {
  return effect === null ? null : (JSON.parse(effect) as Effect)
}

/** What is proposed, as one of the plans that wait: so nobody overlooks it. */
export async function configurationPlan({ opened }: ConfigurationParts): Promise<PlanView | null> {
  const proposed = await proposedVersion(opened.ground)
  if (proposed === null) return null
  const { row } = proposed
  const effect = effectOf(row)
  return {
    id: row.id,
    origin: 'configuration',
    state: 'held',
    hash: row.digest.toString('hex'),
    createdAt: row.created_at.toISOString(),
    decidedAt: null,
    decidedBy: null,
    decidedByName: null,
    kinds: (effect?.kinds ?? []).map(({ kind, target, accounts }) => ({
      ...{ kind, target, changes: accounts, limit: null },
      ...{ held: true, why: 'an edit of the configuration' },
    })),
    total: effect?.accounts ?? 0,
    ...{ waits: null, radius: null, usual: null, pull: null },
  }
}
