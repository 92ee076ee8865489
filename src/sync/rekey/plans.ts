/** Plans, with the names that their changes hold: one that waits goes on waiting for the very same release. Done while accounts are as they were. */
import type pg from 'pg'
import { type PlanRow, planGuard } from '../../store/guards.ts'
import type { HeldFor } from '../../store/schema.ts'
import { type ChangeKind, decodeParts, fingerprint } from '../parts.ts'
import { PlanGroups, type PlanStep } from '../plan/plan-groups.ts'
import { type BesideAccount, besideRenaming, ofAccount } from './account-texts.ts'
import { renamedParts } from './names.ts'
import { keyColumns, keysOf, type Placed, pagesOf, writeRows } from './remake.ts'
import type { Turn } from './turn.ts'

type ChangeRow = Placed &
  BesideAccount & {
    readonly account_id: NonNullable<BesideAccount['account_id']>
    readonly target: string
    readonly kind: ChangeKind
    readonly part: string
    readonly before: string | null
    readonly after: string | null
    readonly held_for: HeldFor | null
  }

export async function remakePlans(client: pg.ClientBase, turn: Turn): Promise<void> {
  const tally = turn.tally.of('plan')
  for await (const rows of pagesOf<PlanRow & Placed>(client, 'select ctid::text as _at, * from plan')) {
    for (const row of rows) {
      const right = turn.old.verifyGuard('plan', planGuard(row), row.guard)
      const hash = await remakeChanges(client, turn, row)
      const guard = right ? turn.next.guard('plan', planGuard({ ...row, hash })) : row.guard
      await client.query('update plan set hash = $2, guard = $3 where id = $1', [row.id, hash, guard])
      tally.rows += 1
      if (!right) tally.refused += 1
    }
  }
}

/** Returns the hash to store: of the changes with their new names if it was theirs before, else one that fits no changes at all. */
async function remakeChanges(client: pg.ClientBase, turn: Turn, plan: PlanRow): Promise<Buffer> {
  const waiting = { old: new PlanGroups(), next: new PlanGroups() }
  const passing = { old: new PlanGroups(), next: new PlanGroups() }
  const changes = pagesOf<ChangeRow>(
    client,
    `select t.ctid::text as _at, t.*, ${keyColumns}, ${ofAccount.columns} from plan_change t ${ofAccount.join}
      where t.plan_id = $1 order by t.account_id, t.part collate "C"`,
    [plan.id],
  )
  for await (const rows of changes) {
    const moved: { readonly at: string; readonly values: readonly unknown[] }[] = []
    for (const row of rows) {
      const names = renamed(turn, row, isRead(plan))
      const { account_id: account, target, kind, part, before, after, held_for: why } = row
      const step: PlanStep = { account, target, kind, part, before, after, alone: why === 'brake' ? null : why }
      const groups = why === null ? passing : waiting
      groups.old.add(step)
      groups.next.add({ ...step, ...names })
      if (names.before !== before || names.after !== after)
        moved.push({ at: row._at, values: [names.before, names.after] })
    }
    await writeRows(
      client,
      'plan_change',
      [
        { name: 'before', type: 'text' },
        { name: 'after', type: 'text' },
      ],
      moved,
    )
  }
  for (const { old, next } of [waiting, passing])
    if (old.digest(() => true)?.equals(plan.hash)) return next.digest(() => true) ?? plan.hash
  return turn.next.carryOver.digest(plan.hash)
}

/** Whether changes are still held against it: one that waits, is being made, or was refused. Of others the names are only looked at. */
function isRead({ state, applied_at }: PlanRow): boolean {
  return state === 'held' || state === 'rejected' || (state === 'released' && applied_at === null)
}

/** What a change leads from and to; of cards, levels and locks there are no names. `exactly`: as the same change would be named today. */
function renamed(turn: Turn, row: ChangeRow, exactly: boolean): Pick<PlanStep, 'before' | 'after'> {
  const { part, before, after } = row
  if (part !== 'account' && part !== 'profile' && part !== 'validity') return { before, after }
  if (!exactly) {
    const carried = (name: string | null) => (name === null ? null : turn.next.carryOver.name(name))
    return { before: carried(before), after: carried(after) }
  }
  const rename = besideRenaming(turn, row, keysOf(turn, row)?.old ?? null)
  if (part !== 'account') {
    const name = (text: string | null) => (text === null ? null : rename(part, text))
    return { before: name(before), after: name(after) }
  }
  return {
    before,
    after: after === null ? null : renamedCreation(turn, row._wanted, after, (text) => renamedParts(text, rename)),
  }
}

/** A new account is named by all that is wanted of it. */
function renamedCreation(turn: Turn, wanted: string | null, name: string, rename: (parts: string) => string): string {
  const isWanted = wanted !== null && namesParts(wanted, name)
  return isWanted ? fingerprint(decodeParts(rename(wanted))) : turn.next.carryOver.name(name)
}

function namesParts(wanted: string, name: string): boolean {
  try {
    return fingerprint(decodeParts(wanted)) === name
  } catch {
    return false
  }
}
