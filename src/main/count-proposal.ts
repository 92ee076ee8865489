/** Counts what a proposed configuration would change, once for each: nobody can release it before. */
import type { Config } from '../../config/config.ts'
import { errorCode } from '../model/error-code.ts'
import type { ConfigVersionId } from '../model/id.ts'
import { dryRun } from '../sync/configuration/dry-run.ts'
import type { InForce } from '../sync/configuration/in-force.ts'
import { noteEffect, proposedVersion } from '../sync/configuration/offer.ts'
import { connectTarget } from './connections.ts'
import type { Opened } from './opened.ts'
import { buildEngine } from './sync-context.ts'

/** One that can't be tried is tried again this much later: a secret may have been missing. */
const retryMs = 30_000

/** The returned function counts what waits to be counted, if anything does. */
export function countProposals(opened: Opened): (signal: AbortSignal) => Promise<void> {
  const { ground, log } = opened
  let failed: { readonly id: ConfigVersionId; readonly at: number } | null = null
  return async (signal) => {
    const proposed = await proposedVersion(ground)
    if (proposed === null || proposed.row.effect !== null) return
    const { id, number } = proposed.row
    if (failed?.id === id && performance.now() - failed.at < retryMs) return
    try {
      await count(opened, proposed, signal)
      failed = null
    } catch (error) {
      if (signal.aborted) return
      failed = { id, at: performance.now() }
      log.warn({ event: 'config.not-counted', where: `version-${number}`, code: errorCode(error) }, 'configuration')
    }
  }
}

async function count(opened: Opened, { row, deciding }: InForce, signal: AbortSignal): Promise<void> {
  const { read, vault, keyring, standings, traces, store, metrics, log, ground } = opened
  const config = await read({ deciding, name: `the proposed configuration (version ${row.number})` })
  const targets = await connectNothing(config, opened, signal)
  try {
    const { context, levels } = buildEngine(
      config,
      {
        ...{ database: store.database, vault, keyring, standings, log, metrics, traces, version: row.number },
        photoSource: () => undefined,
      },
      targets,
    )
    await levels.reload()
    // What is found about people on the way is not so, and nobody must mend it.
    await noteEffect(ground, row, await dryRun({ ...context, log: () => undefined }, signal))
  } finally {
    await Promise.all([...targets.values()].map((target) => target.close()))
  }
}

/** Targets that can say how they would write somebody, and are not asked for anything. */
async function connectNothing(config: Config, { log, traces }: Opened, signal: AbortSignal) {
  const ids = Object.keys(config.targets)
  return new Map(
    await Promise.all(
      ids.map(
        async (id) => [id, await connectTarget(config, id, { log, traces, vault: null }, signal, false)] as const,
      ),
    ),
  )
}
