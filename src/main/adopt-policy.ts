/** Notices that the policy, or the levels that it names, changed since it was last carried out: that is a plan like any other. */
import { createHash, randomUUID } from 'node:crypto'
import { raiseAlarm } from '../store/alarms.ts'
import { resolveEveryone } from '../sync/resolve/re-resolve.ts'
import type { Engine } from './sync-context.ts'

/** `policyText` is the policy with all that it depends on, as configured. Killed half-way, it is done again. */
export async function adoptPolicy(engine: Engine, policyText: string): Promise<void> {
  const { context, levels } = engine
  const { pool } = context.database
  const named = levels.all().map(({ id, name }) => `${id}=${name}`)
  const digest = context.vault.digest('policy', [
    policyText,
    createHash('sha256').update(named.join('\n')).digest('hex'),
  ])
  const { rows } = await pool.query<{ id: string; digest: Buffer; guard: Buffer }>(
    'select id, digest, guard from config_version order by created_at desc limit 1',
  )
  const [last] = rows
  if (last !== undefined) {
    const genuine = context.vault.verifyGuard('config_version', [last.id, last.digest], last.guard)
    if (!genuine) await raiseAlarm(pool, context.vault, 'guard.failed', last.id)
    if (genuine && last.digest.equals(digest)) return
    await resolveEveryone(context, engine.brakes)
  }
  const id = randomUUID()
  const config = context.vault.sealSystem(
    { table: 'config_version', column: 'config', row: id, version: 1 },
    policyText,
  )
  await pool.query('insert into config_version (id, digest, config, guard) values ($1, $2, $3, $4)', [
    id,
    digest,
    config,
    context.vault.guard('config_version', [id, digest]),
  ])
}
