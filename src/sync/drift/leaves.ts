/** What was taken away by hand and may stay so, as what is noted of the account says: no write gives it back. */
import type { Drift } from '../../store/drifts.ts'
import type { Left, Owned } from '../owned-row.ts'
import { isSameDrift, leaveBe } from './reverts.ts'

/** Of what was added or blocked nothing need be noted: no write takes that away unasked. */
function isLeft(drift: Drift): drift is Left {
  return drift.class === 'level-removed' || drift.class === 'card-removed'
}

export function leavesOut({ leaves = [] }: Pick<Owned, 'leaves'>, drift: Drift): boolean {
  return leaves.some((each) => isSameDrift(each, drift))
}

function leaveOut(owned: Owned, drift: Drift): Owned {
  if (!isLeft(drift) || leavesOut(owned, drift)) return owned
  return { ...owned, leaves: [...(owned.leaves ?? []), { class: drift.class, part: drift.part }] }
}

/** What was found may stay, whatever it is: it is fought over no more, and left out if it was taken away. */
export function letStand(owned: Owned, drift: Drift): Owned {
  return leaveOut(leaveBe(owned, drift), drift)
}

/** It may stay so no longer, or was given back. */
export function leaveOutNoMore(owned: Owned, drift: Drift): Owned {
  if (!leavesOut(owned, drift)) return owned
  const { leaves = [], ...rest } = owned
  const left = leaves.filter((each) => !isSameDrift(each, drift))
  return left.length === 0 ? rest : { ...rest, leaves: left }
}
