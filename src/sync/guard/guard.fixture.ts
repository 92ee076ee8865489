/** What people present, on the test bench: accounts with fingers that are swapped by hand, a log that tells of it, and people who approve. */
import { randomUUID } from 'node:crypto'
import type { AccessEvent } from '../../model/events/event.ts'
import type { EventType } from '../../model/events/types.ts'
import type { SubjectId, SuspensionId } from '../../model/id.ts'
import { type SubjectRow, type SuspensionRow, subjectGuard } from '../../store/guards.ts'
import { type Bench, second } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import type { GuardedEvent, ReadEvents } from './feed.ts'
import { type Seen, watchOnce } from './watch.ts'

export class GuardBench {
  readonly bench: Bench
  readonly events: GuardedEvent[] = []
  readonly seen: Seen = new Map()

  constructor(bench: Bench) {
    this.bench = bench
  }

  /** So many people with an open account, a finger and marks each; long after whatever was written. */
  async people(count: number): Promise<void> {
    const { bench } = this
    await bench.deliver(Array.from({ length: count }, (_, i) => hrRow(i + 1, { card: `10${i + 1}` })))
    const plan = await bench.heldPlan()
    if (plan !== null) await bench.release(plan)
    await bench.rest()
    for (const user of bench.target.users.values()) user.marks = { fingers: 1, revision: 1 }
    // Written once more, so that the marks are noted.
    for (let who = 1; who <= count; who++) await this.readBack(who)
    await bench.pass(60 * second)
  }

  /** A run that reads the account, and writes something to it. */
  async readBack(who: number): Promise<void> {
    const { bench } = this
    const user = this.user(who)
    user.profile = { ...user.profile, name: 'Somebody' }
    await bench.rows(
      `insert into account_work (account_id, target, lane) select id, target, 'bulk' from account
        where id = $1 on conflict do nothing`,
      [await this.account(who)],
    )
    await bench.work()
  }

  user(who: number): TargetUser {
    const user = this.bench.target.users.get(`n${who}`)
    if (user === undefined) throw new Error('no such user')
    return user
  }

  async account(who: number): Promise<string> {
    const person = await this.bench.personOf(`n${who}`)
    const [found] = await this.bench.rows<{ id: string }>('select id from account where person_id = $1', [person])
    return found?.id ?? ''
  }

  /** By hand: the count stays, and the record says that it was changed. */
  swap(who: number): void {
    const { marks } = this.user(who)
    if (marks !== undefined) marks.revision += 1
  }

  tell(type: EventType, more: Partial<AccessEvent> = {}): void {
    const receivedAt = this.bench.context.now()
    this.events.push({ position: this.events.length + 1, receivedAt, live: true, event: event(type, receivedAt, more) })
  }

  read: ReadEvents = async (_source, after, limit) => {
    const events = this.events.filter(({ position }) => position > after).slice(0, limit)
    return { events, upTo: events.at(-1)?.position ?? after }
  }

  async watch(): Promise<void> {
    const { bench, read, seen } = this
    while (await watchOnce(bench.context, bench.setup, read, seen, new AbortController().signal));
  }

  /** Swapped, told, and looked at; then whatever follows from it. */
  async swapAndWatch(who: number): Promise<void> {
    this.swap(who)
    this.tell('credential.changed', { account: `n${who}` })
    await this.watch()
    await this.bench.work()
  }

  async suspensions(): Promise<readonly SuspensionRow[]> {
    return this.bench.rows<SuspensionRow>('select * from suspension order by found_at, id')
  }

  async open(): Promise<SuspensionId> {
    const [found] = await this.bench.rows<{ id: SuspensionId }>(`select id from suspension where state <> 'lifted'`)
    if (found === undefined) throw new Error('nothing is suspended')
    return found.id
  }

  /** Known here for a while. */
  async subject(role: SubjectRow['role'] = 'operator', createdAt = new Date(0)): Promise<SubjectId> {
    const { vault } = this.bench.context
    const row = {
      ...{ id: randomUUID() as SubjectId, role, created_at: createdAt, disabled_at: null },
      ...{ name: Buffer.from('sealed'), name_digest: Buffer.from(randomUUID()) },
    }
    await this.bench.rows(
      'insert into subject (id, name, name_digest, role, created_at, guard) values ($1, $2, $3, $4, $5, $6)',
      [row.id, row.name, row.name_digest, role, createdAt, vault.guard('subject', subjectGuard(row))],
    )
    return row.id
  }

  isShut(who: number): boolean {
    return this.user(who).lock === 'closed'
  }
}

function event(type: EventType, at: Date, more: Partial<AccessEvent>): AccessEvent {
  return {
    ...{ type, at: at.toISOString(), approximate: false, recordedAt: null, direction: null, door: null, reader: null },
    ...{ account: null, card: null, cardNumber: null, verify: [], deviceKey: null, active: null },
    vendor: { code: '8704', name: null, detail: {} },
    ...more,
  }
}
