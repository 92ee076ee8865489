/** One account after the other through the real worker: what tests of the reconcile step deliver, and what they look at. */
import { cardKey, h10301 } from '../../model/card.ts'
import type { AccessLevelId } from '../../model/id.ts'
import type { Bench } from '../fixtures/engine.fixture.ts'
import type { HrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { startTargetWorker, type TargetWorker } from './worker.ts'

export function row(who: number, more: Partial<HrRow> = {}): HrRow {
  return {
    id: `${who}`,
    number: `n${who}`,
    given: `Person${who}`,
    family: 'Test',
    department: 'Research',
    card: `10${who}`,
    ...more,
  }
}

/** A user that somebody else made. */
export function stranger(): TargetUser {
  return {
    lock: 'open',
    validity: { from: null, until: null },
    profile: { name: 'Somebody Else', department: '' },
    cards: new Map(),
    levels: new Set(['id of Vault']),
    inherited: new Set(),
    untouchable: false,
  }
}

export class Site {
  readonly bench: Bench

  constructor(bench: Bench) {
    this.bench = bench
  }

  /** Delivers a full file of these rows, and lets everything come to rest. */
  async settle(...rows: readonly HrRow[]): Promise<void> {
    await this.bench.deliver(rows)
    await this.bench.rest()
  }

  worker(): TargetWorker {
    return startTargetWorker(this.bench.context, this.bench.setup, () => 'read-back')
  }

  user(who = 1): TargetUser | undefined {
    return this.bench.target.users.get(`n${who}`)
  }

  levels(who = 1): string[] {
    return [...(this.user(who)?.levels ?? [])].map((id) => id.replace('id of ', '')).sort()
  }

  card(who = 1): { state: 'on' | 'blocked' } | undefined {
    return this.user(who)?.cards.get(cardKey(h10301(7, 100 + who)))
  }

  /** What the store says of the only account. */
  async account(): Promise<{ readonly failures: unknown; readonly applied: number }> {
    const [found] = await this.bench.rows<{ failures: string | null; applied: number }>(
      'select failures, applied_version as applied from account',
    )
    // Random ids as what they stand for.
    const failures = (found?.failures ?? 'null')
      .replace(/"card:[0-9a-f-]{36}"/g, '"card"')
      .replace(/"level:([0-9a-f-]{36})"/g, (_, id: AccessLevelId) => `"level:${this.bench.levels.externalId(id)}"`)
    return { failures: JSON.parse(failures) as unknown, applied: found?.applied ?? 0 }
  }

  work(): Promise<{ lane: string; dead: boolean; verify: boolean }[]> {
    return this.bench.rows(
      'select lane, dead_at is not null as dead, verify_at is not null as verify from account_work',
    )
  }

  lockouts(): Promise<{ cause: string; proven: boolean; proof: string | null; ended: boolean }[]> {
    return this.bench.rows(
      `select cause, proven_at is not null as proven, proof, ended_at is not null as ended from lockout
        order by decided_at, version`,
    )
  }
}
