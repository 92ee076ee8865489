/** Finds records of people who were erased: none of them makes anybody anew, until a person allows it. */
import type pg from 'pg'
import { forEachDigest } from '../../store/by-digest.ts'
import { tombstoneGuard } from '../../store/guards.ts'
import type { Vault } from '../../vault/vault.ts'
import { anyTombstonesOf } from '../erasure/identifiers.ts'
import type { Incoming } from './intake.ts'

/** Positions of the records that a tombstone holds. */
export interface HeldRecords {
  /** The source's own key is that of an erased record, or human: held whoever else the record may fit. */
  readonly always: ReadonlySet<number>
  /** The employee number is: held unless it is that of somebody who is here. */
  readonly asNewcomer: ReadonlySet<number>
}

const none: HeldRecords = { always: new Set(), asNewcomer: new Set() }

/** `positions`: the records that are nobody's yet. A forged tombstone holds nobody. */
export async function heldAmong(
  client: pg.ClientBase,
  vault: Vault,
  source: string,
  incoming: readonly Incoming[],
  positions: readonly number[],
): Promise<HeldRecords> {
  if (positions.length === 0) return none
  const { rowCount } = await client.query('select from tombstone limit 1')
  if (rowCount === 0) return none
  const always = new Set<number>()
  const asNewcomer = new Set<number>()
  const traces = positions.flatMap((position) =>
    anyTombstonesOf(vault, source, (incoming[position] as Incoming).record).map((trace) => ({ ...trace, position })),
  )
  for (const [purpose, wanted] of Map.groupBy(traces, (trace) => trace.purpose)) {
    const { rows } = await client.query<{ i: number; erasure_id: string; guard: Buffer }>(
      forEachDigest('$2', 32, 'select erasure_id, guard from tombstone where purpose = $1 and digest = d.digest'),
      [purpose, Buffer.concat(wanted.map(({ digest }) => digest))],
    )
    for (const { i, erasure_id, guard } of rows) {
      const { digest, position } = wanted[i] as (typeof wanted)[number]
      if (!vault.verifyGuard('tombstone', tombstoneGuard(purpose, digest, erasure_id), guard)) continue
      if (purpose === 'employee-number') asNewcomer.add(position)
      else always.add(position)
    }
  }
  return { always, asNewcomer }
}
