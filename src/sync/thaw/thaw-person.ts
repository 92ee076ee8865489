/** A person has looked into rows that somebody else changed, and has what they are about decided again: shut out first, told anew by the sources. */
import { recordAudit } from '../../audit/record.ts'
import type { AccountId, PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import { deleteErasuresOf } from '../../store/erasures.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { refuseErasing } from '../erasure/under-way.ts'
import { lockoutsAmong, passLockouts, recordLockouts } from '../lock-out.ts'
import { beginLost } from '../lost-accounts.ts'
import { rememberLock } from '../outlived-locks.ts'
import { resolveAll } from '../resolve/resolve-all.ts'
import { modesOf } from '../target-modes.ts'
import { type Mended, mendPerson } from './mend.ts'

export interface Thawed extends Mended {
  readonly lockouts: readonly string[]
}

/**
 * Drops what can't be trusted, and locks the person everywhere, by name, until somebody unlocks them: what is left may be less than the
 * truth. The sources tell again what was dropped with their next delivery. @throws Refusal `person.unknown`, `person.erasing`,
 * `frozen.no-key` when nothing of them opens any more, `frozen.nothing` when all is right.
 */
export async function thawPerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
): Promise<Thawed> {
  const { database, vault } = context
  return inTransaction(database.pool, async (client) => {
    const forged = await refuseErasing(client, context, id)
    const { dossier, closed, mended, unmarked, lacksAccount } = await mendPerson(client, context, id)
    if (isNothing(mended) && unmarked === 0 && forged.length === 0) throw new Refusal('frozen.nothing')
    if (forged.length > 0) await deleteErasuresOf(client, id)
    dossier.person.locked_at = context.now()
    dossier.person.unlocked_until = null
    await rememberLock(client, context, dossier)
    // Where an account was whose row is gone can be told from what is known of them: it is shut with the others.
    if (lacksAccount) beginLost(context, dossier, context.now(), 'operator')
    await resolveAll(client, context, [dossier], 'operator')
    const modes = await modesOf(client, context)
    const passed = passLockouts(lockoutsAmong([dossier], modes, () => false))
    await saveDossiers(client, vault, [dossier])
    // The clock looks at them again, whatever it was told.
    await client.query('update person set next_change_at = $2 where id = $1', [id, context.now()])
    const shut = closed
      .filter(({ row }) => modes.get(row.target)?.locksOut === true)
      .map((account) => ({ dossier, account, whole: true, cardsShut: [] }))
    await recordAudit(client, vault, {
      actor: subject,
      action: 'person.thawed',
      object: id,
      details: { reason, ...mended },
      about: dossier.key,
    })
    const lockouts = await recordLockouts(client, context, [...passed, ...shut], {
      actor: subject,
      because: 'operator',
      arrivedAt: context.now(),
    })
    for (const scope of [
      id,
      ...dossier.accounts.map(({ row }) => row.id),
      ...mended.lost.map(({ account }) => account),
      ...forged,
    ])
      await clearAlarm(client, vault, 'guard.failed', scope)
    return { ...mended, lockouts }
  })
}

function isNothing({ person, records, cards, grants, accounts, lost }: Mended): boolean {
  return !person && records + cards + grants + accounts + lost.length === 0
}

/** Somebody of whom nothing is decided, since a row of theirs can't be trusted. */
export interface FrozenPerson {
  readonly person: PersonId
  /** Accounts on which nothing is done. */
  readonly accounts: readonly AccountId[]
  readonly since: Date
}

/** Those that were noticed, in the order of ids. */
export async function frozenPeople(
  { database }: SyncContext,
  after: string | null,
  limit: number,
): Promise<readonly FrozenPerson[]> {
  const { rows } = await database.pool.query<FrozenPerson>(
    `select person, array_agg(distinct account) filter (where account is not null) as accounts, min(since) as since from (
       select p.id as person, null::uuid as account, a.raised_at as since from alarm a join person p on p.id::text = a.scope
        where a.code = 'guard.failed' and a.cleared_at is null
       union all select e.person_id, null, a.raised_at from alarm a join erasure e on e.id::text = a.scope join person p on p.id = e.person_id
        where a.code = 'guard.failed' and a.cleared_at is null
       union all select person_id, id, frozen_at from account where frozen_at is not null and person_id is not null) f
      where $1::uuid is null or person > $1 group by person order by person limit $2`,
    [after, limit],
  )
  return rows.map((row) => ({ ...row, accounts: row.accounts ?? [] }))
}
