/** Which drifts may stay when somebody, or the configuration, says so: none that hides a way in. */
import type pg from 'pg'
import { withUnusableCards } from '../../store/drifts.ts'
import type { DriftRow } from '../../store/guards.ts'
import { isUnnumbered } from '../strange-card.ts'
import { textKey } from '../text-key.ts'

/** Neither a card whose number nobody sees, nor an account of nobody with a card that nobody is to get in by. */
export async function acceptableAmong(
  client: pg.ClientBase,
  target: string,
  rows: readonly DriftRow[],
): Promise<readonly DriftRow[]> {
  const unknown = rows.filter((row) => row.account_id === null)
  const digests = unknown.map((row) => row.external_digest)
  const carriers = new Set((await withUnusableCards(client, target, digests)).map(textKey))
  return rows.filter(
    (row) => !isUnnumbered(row.part) && !(row.account_id === null && carriers.has(textKey(row.external_digest))),
  )
}
