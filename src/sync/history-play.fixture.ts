/** Plays a history against the engine and the model side by side, and compares the doors with the model when all has come to rest. */
import { expect } from 'vitest'
import { until } from '../../test/support/servers.ts'
import { cardKey, h10301 } from '../model/card.ts'
import type { PlanId } from '../model/id.ts'
import { mortal } from './crash.fixture.ts'
import { type Bench, day, hour } from './engine.fixture.ts'
import {
  cardNumbers,
  type During,
  type FileKind,
  HrBooks,
  Model,
  people,
  policies,
  type Step,
} from './history.fixture.ts'
import { type HrRow, hrFile } from './hr-file.fixture.ts'
import { opens } from './memory-target.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { plan } from './plan.ts'
import { pull } from './pull.ts'
import { resolveEveryone } from './re-resolve.ts'
import { finishReleases, releasePlan } from './release-plan.ts'
import { followCalendar, restoreWork } from './sweep.ts'

export class History {
  readonly bench: Bench
  readonly books = new HrBooks()
  readonly model = new Model()

  constructor(bench: Bench) {
    this.bench = bench
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step)
      await this.#proofsHold()
    }
  }

  async #take(step: Step): Promise<void> {
    const { bench, model } = this
    switch (step.step) {
      case 'edit':
        for (const edit of step.edits) this.books.edit(edit, bench.context.now())
        return
      case 'deliver':
        return this.#deliver(step.file, step.perPage, step.crashAfter)
      case 'lock':
      case 'unlock':
        return this.#order(step.step, step.who)
      case 'release':
        return this.#release(step.crashAfter)
      case 'reject':
        for (const id of await this.#held()) await bench.reject(id)
        return
      case 'policy': {
        const policy = policies[step.to] as (typeof policies)[number]
        model.lab = policy.lab
        bench.policy([
          { grant: ['doors/Main'], to: 'true' },
          { grant: ['doors/Lab'], to: policy.rule },
        ])
        return resolveEveryone(bench.context, bench.brakes)
      }
      case 'pass':
        await bench.pass(step.ms)
        bench.target.land()
        return
      case 'calendar': {
        if (step.crashAfter !== null) {
          const dying = mortal(bench.context, bench.setup, step.crashAfter)
          await followCalendar(dying.context, bench.brakes).catch(unlessDead(dying))
        }
        return bench.followCalendar()
      }
      case 'faults': {
        const queue = [...step.faults]
        bench.target.fault = () => queue.shift() ?? null
        return
      }
      case 'work':
        return this.#work(step.crashAfter, step.during)
      case 'grant-by-hand': {
        const user = bench.target.users.get(`n${step.who}`)
        const id = `id of ${step.level}`
        if (user === undefined || user.levels.has(id)) return
        const busy = await bench.rows('select 1 from account_work limit 1')
        if (step.level !== 'Vault' && busy.length > 0) return
        user.levels.add(id)
        const mine = model.byHand.get(step.who) ?? new Set()
        model.byHand.set(step.who, mine.add(step.level))
        return
      }
      case 'lose-work':
        // Only what nobody has begun: of the rest, the store alone knows what may have been written.
        await bench.rows(`delete from account_work where lease_owner is null and verify_at is null and intents = '[]'`)
        return
    }
  }

  async #deliver(kind: FileKind, perPage: number, crashAfter: number | null): Promise<void> {
    const { bench, model } = this
    const truth = [...this.books.rows.values()]
    const [first] = truth
    const some = kind === 'truncated' || kind === 'cut' ? truth.slice(0, Math.ceil(truth.length / 2)) : truth
    const odd: HrRow[] =
      first === undefined
        ? []
        : kind === 'duplicate'
          ? [{ ...first, family: 'Double', status: first.status === 'left' ? 'active' : 'left' }]
          : kind === 'keyless'
            ? [{ ...first, id: '' }]
            : []
    const bad = kind === 'bad-row' && first !== undefined
    const rows = bad ? [{ ...first, end: '31.02.2026' }, ...some.slice(1)] : [...some, ...odd]
    const said = bad ? some.slice(1) : some
    const options = {
      arrivedAt: bench.context.now(),
      mode: kind === 'delta' ? 'delta' : 'full',
      cut: kind === 'cut',
      perPage,
    } as const
    if (crashAfter !== null) {
      const dying = mortal(bench.context, bench.setup, crashAfter)
      await pull(dying.context, bench.source, hrFile(rows, options), new AbortController().signal).catch(
        unlessDead(dying),
      )
    }
    await bench.deliver(rows, options)
    model.hear(said)
    if (kind === 'full' || kind === 'truncated' || kind === 'bad-row' || kind === 'duplicate')
      model.list(some.map(({ id }) => id))
  }

  async #work(crashAfter: number | null, during: During | null): Promise<void> {
    const { bench } = this
    if (during !== null) {
      const before = bench.target.fault
      let calls = during.call
      bench.target.fault = (call) => {
        calls -= 1
        if (calls !== -1) return before(call)
        return {
          is: 'meanwhile',
          run: async () => {
            for (const edit of during.edits) this.books.edit(edit, bench.context.now())
            if (during.happens === 'deliver') await this.#deliver('delta', 1000, null)
            else await this.#order('lock', during.edits[0]?.who ?? 0)
          },
        }
      }
    }
    if (crashAfter !== null) {
      const dying = mortal(bench.context, bench.setup, crashAfter)
      await bench.work(dying).catch(unlessDead(dying))
    }
    await bench.work()
  }

  async #order(act: 'lock' | 'unlock', who: number): Promise<void> {
    const { bench, model } = this
    const person = await bench.personOf(`n${who}`).catch(() => null)
    if (person === null) return
    if (act === 'lock') {
      await lockPerson(bench.context, person, bench.operator, 'seen')
      model.locked.add(who)
    } else {
      await unlockPerson(bench.context, person, bench.operator, 'seen', 8)
      model.locked.delete(who)
    }
  }

  async #held(): Promise<readonly PlanId[]> {
    const { bench } = this
    return (await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held' order by created_at`)).map(
      ({ id }) => id,
    )
  }

  /** Releases all that waits; killed over one, the next process finishes it when the turn of the dead one has ended. */
  async #release(crashAfter: number | null): Promise<void> {
    const { bench } = this
    for (const id of await this.#held()) {
      if (crashAfter === null) await bench.release(id)
      else {
        const dying = mortal(bench.context, bench.setup, crashAfter)
        await releasePlan(dying.context, id, bench.operator, 'seen').catch(unlessDead(dying))
        await until('begun releases are finished', async () => {
          await finishReleases(bench.context)
          const open = `select 1 from plan where state = 'released' and applied_at is null`
          return (await bench.rows(open)).length === 0
        })
      }
    }
  }

  /** Every lock-out that is called proven was truly shut when it was. */
  async #proofsHold(): Promise<void> {
    const proven = await this.bench.rows<{ external: Buffer; desired: string; person_id: string }>(
      `select a.external_digest as external, a.desired from lockout l join account a on a.id = l.account_id
        where l.proven_at is not null and l.ended_at is null`,
    )
    for (const { external, desired } of proven) {
      if (!desired.includes('"lock":"closed"')) continue
      const number = Array.from({ length: people }, (_, who) => `n${who}`).find((name) =>
        external.equals(this.bench.context.vault.index('account', `doors/${name}`)),
      )
      const user = this.bench.target.users.get(number ?? '')
      if (user === undefined) continue
      expect(user.lock, `${number}: proven, and open`).toBe('closed')
    }
  }

  /** Everything heals, HR sends its books twice, somebody releases what is held, and a week goes by. */
  async end(): Promise<void> {
    const { bench } = this
    bench.target.fault = () => null
    bench.target.land()
    await bench.rows('update target set paused_at = null, pause_code = null')
    await this.#deliver('full', 1000, null)
    for (const wait of [21 * hour, 8 * day, 8 * day]) {
      await this.#settle()
      await bench.pass(wait)
      await this.#deliver('full', 1000, null)
      await bench.followCalendar()
    }
    await this.#settle()
  }

  async #settle(): Promise<void> {
    const { bench } = this
    for (let round = 0; round < 3; round++) {
      for (const origin of ['source:hr', 'clock', 'policy', 'operator'])
        await plan(bench.context, { origin, pull: null, brakes: bench.brakes, arrivedAt: bench.context.now() })
      await this.#release(null)
      await restoreWork(bench.context)
      await bench.rest()
      // What the target refused for good is ordered again by a person.
      await bench.rows(
        `insert into account_work (account_id, target, lane) select id, target, 'bulk' from account
          where failures like '%"rejected"%' or id in (select account_id from account_work where dead_at is not null)
         on conflict (account_id) do update set dead_at = null, due_at = now()`,
      )
      await bench.rest()
      await bench.followCalendar()
    }
  }

  check(): void {
    const { bench, model } = this
    const now = bench.context.now()
    const known = Array.from({ length: people }, (_, who) => `n${who}`)
    expect([...bench.target.users.keys()].filter((id) => !known.includes(id))).toEqual([])
    for (const [who, number] of known.entries()) {
      const should = model.expected(who, now)
      const user = bench.target.users.get(number)
      const levels = new Set([...(user?.levels ?? [])].map((id) => id.replace('id of ', '')))
      const on = cardNumbers.filter(
        (card) => user?.cards.get(cardKey(h10301(7, Number(card))))?.state === 'on' && user.lock === 'open',
      )
      const say = `${number} should be ${should.is}`
      expect(opens(user, now), say).toBe(should.is === 'open')
      if (should.is === 'open') {
        expect(user?.profile.name, say).toBe(should.name)
        expect(levels, say).toEqual(should.levels)
      } else {
        expect(
          [...should.levels].filter((level) => !levels.has(level)),
          `${say}: made by hand`,
        ).toEqual([])
        if (should.left) expect(levels, `${say}, with nothing left`).toEqual(should.levels)
      }
      expect(
        on.filter((card) => !model.mayHave(who, card)),
        `${say}: cards`,
      ).toEqual([])
      expect(
        [...should.cards].filter((card) => !on.includes(card)),
        `${say}: without cards`,
      ).toEqual([])
    }
    for (const card of cardNumbers) {
      const holders = [...bench.target.users.values()].filter(
        (user) => user.cards.get(cardKey(h10301(7, Number(card))))?.state === 'on',
      )
      expect(holders.length, `card ${card} is on`).toBeLessThanOrEqual(1)
    }
  }
}

function unlessDead(of: { readonly dead: () => boolean }): (error: unknown) => void {
  return (error) => {
    if (!of.dead()) throw error
  }
}
