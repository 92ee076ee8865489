/** Resolves everybody when another configuration came into force, or the levels that it names changed: a plan like any other follows. */
import { createHash } from 'node:crypto'
import { isResolvedUnder, noteResolved } from '../store/config-versions.ts'
import type { InForce } from '../sync/configuration/in-force.ts'
import { resolveEveryone } from '../sync/resolve/re-resolve.ts'
import type { Engine } from './sync-context.ts'

/** The returned function does what is to be done, if anything, and tells whether all is done; killed half-way, it is done again. */
export function carryOutVersion(engine: Engine, { row }: InForce): (signal: AbortSignal) => Promise<boolean> {
  const { context, levels, brakes } = engine
  const { pool } = context.database
  let begunBefore: string | null = null

  /**
   * Whether all is written that was decided before this version came into force. Whoever decides after that is refused, or sees
   * what we did; see `refuseSuperseded`.
   */
  async function othersAreDone(): Promise<boolean> {
    const { rows } = await pool.query<{ next: string; done: boolean }>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text as next, pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as done`,
      [begunBefore],
    )
    begunBefore ??= rows[0]?.next ?? null
    return rows[0]?.done === true
  }

  return async (signal) => {
    const named = levels.all().map(({ id, name }) => `${id}=${name}`)
    const names = createHash('sha256').update(named.join('\n')).digest('hex')
    const digest = context.vault.digest('config-resolved', [row.id, names])
    if (await isResolvedUnder(pool, row.id, digest)) return true
    if (!(await othersAreDone())) return false
    await resolveEveryone(context, brakes, signal)
    await noteResolved(pool, row.id, digest)
    return true
  }
}
