/** A target with accounts that were there before Gatehouse, and what a look at them comes to. */
import { randomUUID } from 'node:crypto'
import { cardKey, h10301 } from '../../model/card.ts'
import type { PersonId } from '../../model/id.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { latestMatchRun } from '../../store/match-runs.ts'
import type { Bench } from '../fixtures/engine.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { askForMatch, matchIfAsked } from './match-target.ts'

export interface Existing {
  readonly name?: string
  readonly email?: string
  readonly number?: string
  readonly department?: string
  /** Numbers of facility 7. */
  readonly cards?: readonly number[]
  readonly levels?: readonly string[]
  readonly closed?: boolean
  /** When it begins. */
  readonly from?: string
  readonly untouchable?: boolean
}

export function existing(of: Existing): TargetUser {
  const { name, email, number, department, cards = [], levels = [] } = of
  const fields = Object.entries({ name, email, number, department })
  return {
    lock: of.closed === true ? 'closed' : 'open',
    validity: { from: of.from ?? null, until: null },
    profile: Object.fromEntries(fields.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]]))),
    cards: new Map(
      cards.map((each) => [cardKey(h10301(7, each)), { card: h10301(7, each), state: 'on' as const }] as const),
    ),
    levels: new Set(levels.map((level) => `id of ${level}`)),
    inherited: new Set(),
    untouchable: of.untouchable === true,
  }
}

export interface Judged {
  readonly class: string
  readonly person: PersonId | null
  readonly reasons: readonly string[]
}

/** Looks at the target from a process of its own; by account id. */
export async function match(bench: Bench): Promise<Readonly<Record<string, Judged>>> {
  await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
  await matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)
  return judged(bench)
}

export async function judged(bench: Bench): Promise<Readonly<Record<string, Judged>>> {
  const { vault } = bench.context
  const run = await latestMatchRun(bench.context.database.pool, vault, 'doors', true)
  const rows = await bench.rows<{ external_digest: Buffer; class: string; person_id: PersonId; reasons: string }>(
    'select external_digest, class, person_id, reasons from match_row where run_id = $1 order by n',
    [run?.id],
  )
  const idOf = (digest: Buffer) =>
    [...bench.target.users.keys()].find((id) => accountDigest(vault, 'doors', id).equals(digest)) ?? 'gone'
  return Object.fromEntries(
    rows.map((row) => [
      idOf(row.external_digest),
      { class: row.class, person: row.person_id, reasons: JSON.parse(row.reasons) as string[] },
    ]),
  )
}
