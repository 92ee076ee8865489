/** Random histories of a site, and what must be true of its doors in the end: a model of who should have what that knows no engine. */
import fc from 'fast-check'
import type { HrRow } from './hr-file.fixture.ts'
import type { Fault } from './memory-target.fixture.ts'

export const people = 5
export const cardNumbers = ['100', '101', '102']

/** Each a set of rules, as the gateway reads them and as the model does. */
export const policies = [
  { lab: ['Research'], rule: 'employment.department == "Research"' },
  { lab: ['Research', 'Sales'], rule: 'employment.department in ["Research", "Sales"]' },
  { lab: [], rule: 'false' },
] as const

/** What HR does to its own books; nobody hears of it before a file is delivered. */
export type Edit =
  | { readonly edit: 'join'; readonly who: number }
  | { readonly edit: 'drop'; readonly who: number }
  | { readonly edit: 'rehire'; readonly who: number }
  | { readonly edit: 'suspend'; readonly who: number }
  | { readonly edit: 'move'; readonly who: number; readonly department: string }
  | { readonly edit: 'rename'; readonly who: number; readonly family: string }
  | { readonly edit: 'leave'; readonly who: number; readonly way: 'status' | 'end' | 'lastDay' | 'end-in-two-days' }
  | { readonly edit: 'start-later'; readonly who: number }
  | { readonly edit: 'card'; readonly who: number; readonly card: string | null; readonly state: string }
  | { readonly edit: 'hand-over'; readonly who: number; readonly to: number }

export type FileKind = 'full' | 'delta' | 'truncated' | 'cut' | 'bad-row' | 'keyless' | 'duplicate'

export type Step =
  | { readonly step: 'edit'; readonly edits: readonly Edit[] }
  | {
      readonly step: 'deliver'
      readonly file: FileKind
      readonly perPage: number
      readonly crashAfter: number | null
    }
  | { readonly step: 'lock' | 'unlock'; readonly who: number }
  | { readonly step: 'release'; readonly crashAfter: number | null }
  | { readonly step: 'reject' }
  | { readonly step: 'policy'; readonly to: number }
  | { readonly step: 'pass'; readonly ms: number }
  | { readonly step: 'calendar'; readonly crashAfter: number | null }
  | { readonly step: 'faults'; readonly faults: readonly (Fault | null)[] }
  | { readonly step: 'work'; readonly crashAfter: number | null; readonly during: During | null }
  | { readonly step: 'grant-by-hand'; readonly who: number; readonly level: string }
  | { readonly step: 'lose-work' }

/** What happens while the target is busy with one of the calls. */
export interface During {
  readonly call: number
  readonly happens: 'deliver' | 'lock'
  readonly edits: readonly Edit[]
}

const who = fc.nat({ max: people - 1 })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ edit: fc.constant('join'), who }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('drop'), who }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('rehire'), who }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('suspend'), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      edit: fc.constant('move'),
      who,
      department: fc.constantFrom('Research', 'Sales', 'Stores'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ edit: fc.constant('rename'), who, family: fc.constantFrom('Alpha', 'Beta', 'Gamma') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      edit: fc.constant('leave'),
      who,
      way: fc.constantFrom('status', 'end', 'lastDay', 'end-in-two-days'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('start-later'), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      edit: fc.constant('card'),
      who,
      card: fc.option(fc.constantFrom(...cardNumbers), { freq: 4 }),
      state: fc.constantFrom('active', 'active', 'issued', 'suspended', 'lost'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant('hand-over'), who, to: who }) },
)

const second = 1_000
const hour = 3_600_000
const crashAfter = fc.option(fc.nat({ max: 25 }), { freq: 2 })

const fault: fc.Arbitrary<Fault | null> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc.record({ is: fc.constant('unanswered'), lands: fc.constantFrom('at-once', 'late', 'late', 'never') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('failure'), kind: fc.constantFrom('transient', 'conflict', 'rejected') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('failure'),
      kind: fc.constantFrom('throttled', 'unauthenticated'),
      retryAfterMs: fc.constant(5 * second),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('parts'),
      parts: fc.subarray(['lock', 'validity', 'profile', 'card', 'level'] as const, { minLength: 1 }),
      kind: fc.constantFrom('transient', 'conflict', 'rejected'),
    }),
  },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ step: fc.constant('edit'), edits: fc.array(edit, { minLength: 1, maxLength: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('deliver'),
      file: fc.constantFrom('full', 'full', 'full', 'delta', 'truncated', 'cut', 'bad-row', 'keyless', 'duplicate'),
      perPage: fc.constantFrom(2, 1000),
      crashAfter,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('work'),
      crashAfter,
      during: fc.option(
        fc.record({
          call: fc.nat({ max: 6 }),
          happens: fc.constantFrom('deliver', 'lock'),
          edits: fc.array(edit, { minLength: 1, maxLength: 2 }),
        }),
        { freq: 2 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constant('faults'), faults: fc.array(fault, { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('lock', 'unlock'), who }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('release'), crashAfter }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('reject') }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('policy'), to: fc.nat({ max: policies.length - 1 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('pass'),
      ms: fc.constantFrom(second, 5 * second, 25 * second, hour, 10 * hour, 21 * hour, 3 * 24 * hour),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('calendar'), crashAfter }) },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant('grant-by-hand'), who, level: fc.constantFrom('Vault', 'Lab') }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('lose-work') }) },
)

export const histories: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 4, maxLength: 24 })

/** HR's books: what its next file will say. */
export class HrBooks {
  readonly rows = new Map<string, HrRow>()

  /** Edits of people who can't be edited so change nothing. */
  edit(change: Edit, now: Date): void {
    const date = (days: number) => new Date(now.getTime() + days * 24 * hour).toISOString().slice(0, 10)
    const id = String(change.who)
    const main = this.rows.get(id)
    if (change.edit === 'join') {
      const { end: _end, lastDay: _lastDay, ...known } = main ?? newRow(change.who)
      this.rows.set(id, { ...known, status: 'active', start: date(-1) })
      return
    }
    if (change.edit === 'drop') {
      this.rows.delete(id)
      this.rows.delete(`${id}b`)
      return
    }
    if (change.edit === 'rehire') {
      // The same human under a new contract: another record, joined by the person key.
      const { family = 'Test' } = main ?? {}
      this.rows.set(`${id}b`, { ...newRow(change.who), id: `${id}b`, family, department: 'Sales', start: date(0) })
      return
    }
    if (change.edit === 'rename') {
      for (const [key, row] of this.rows)
        if (row.person === `p${id}`) this.rows.set(key, { ...row, family: change.family })
      return
    }
    if (main === undefined) return
    this.rows.set(id, { ...main, ...this.#changed(change, main, date) })
  }

  #changed(
    change: Exclude<Edit, { edit: 'join' | 'drop' | 'rehire' | 'rename' }>,
    main: HrRow,
    date: (days: number) => string,
  ): Partial<HrRow> {
    switch (change.edit) {
      case 'suspend':
        return { status: 'suspended' }
      case 'move':
        return { department: change.department }
      case 'start-later':
        return { start: date(2), status: 'active' }
      case 'card':
        return change.card === null ? { card: '' } : { card: change.card, cardState: change.state }
      case 'hand-over': {
        const to = this.rows.get(String(change.to))
        if (to === undefined || to === main || !main.card) return {}
        this.rows.set(to.id, { ...to, card: main.card, cardState: 'active' })
        return { card: '' }
      }
      case 'leave':
        if (change.way === 'status') return { status: 'left' }
        return change.way === 'end-in-two-days' ? { end: date(2) } : { [change.way]: date(-1) }
      default:
        return change satisfies never
    }
  }
}

function newRow(who: number): HrRow {
  return {
    id: String(who),
    person: `p${who}`,
    number: `n${who}`,
    given: `Person${who}`,
    family: 'Test',
    department: 'Research',
    card: '',
    cardState: 'active',
  }
}

/** What the doors must be like. */
export interface Expected {
  /** `open`: has an account that opens. `shut`: has none, or one that opens nothing. */
  readonly is: 'open' | 'shut'
  /** Left for good, and not only locked or suspended. */
  readonly left: boolean
  readonly name: string
  readonly levels: ReadonlySet<string>
  /** Numbers that must be on the account, and on. */
  readonly cards: ReadonlySet<string>
}

/** Remembers what was said and done, in the order in which the gateway heard of it. */
export class Model {
  lab: readonly string[] = policies[0].lab
  readonly locked = new Set<number>()
  readonly byHand = new Map<number, Set<string>>()
  readonly #said = new Map<string, HrRow>()
  #listed = new Set<string>()
  readonly #held = new Set<string>()
  /** `who/card`: given back once, or lost once, and so never again without a human. */
  readonly #returned = new Set<string>()
  readonly #lost = new Set<string>()

  hear(rows: readonly HrRow[]): void {
    for (const row of rows) this.#said.set(row.id, row)
    for (let person = 0; person < people; person++) {
      const claims = this.#claims(person)
      for (const card of cardNumbers) {
        const name = `${person}/${card}`
        const state = claims.get(card)
        if (state === undefined && this.#held.has(name)) this.#returned.add(name)
        if (state === 'lost') this.#lost.add(name)
        if (state !== undefined) this.#held.add(name)
      }
    }
  }

  list(ids: readonly string[]): void {
    this.#listed = new Set(ids)
  }

  expected(person: number, now: Date): Expected {
    const rows = this.#rows(person)
    const alive = rows.filter((row) => this.#listed.has(row.id) && row.status !== 'left' && !isOver(row, now))
    const current = alive.filter(({ status }) => status !== 'suspended')
    const left = rows.length === 0 || alive.length === 0
    const open = !this.locked.has(person) && current.length > 0
    const levels = new Set(this.byHand.get(person) ?? [])
    if (open) {
      levels.add('Main')
      if (current.some(({ department = '' }) => this.lab.includes(department))) levels.add('Lab')
    }
    const [row] = rows
    const held = cardNumbers.filter((card) => this.mayHave(person, card) && this.#claimants(card) === 1)
    return {
      is: open ? 'open' : 'shut',
      left,
      name: `${row?.given} ${row?.family}`,
      levels,
      cards: new Set(open ? held : []),
    }
  }

  /** Whether this card could open anything for this person. */
  mayHave(person: number, card: string): boolean {
    const state = this.#claims(person).get(card)
    const ended = this.#returned.has(`${person}/${card}`) || this.#lost.has(`${person}/${card}`)
    return (state === 'active' || state === 'issued') && !ended
  }

  #rows(person: number): HrRow[] {
    return [...this.#said.values()].filter((row) => row.person === `p${person}`)
  }

  #claims(person: number): Map<string, string> {
    return new Map(this.#rows(person).flatMap(({ card, cardState = '' }) => (card ? [[card, cardState]] : [])))
  }

  /** Whoever's record names the card holds it or waits for it, a lost one too; who gave it back does neither. */
  #claimants(card: string): number {
    const all = Array.from({ length: people }, (_, person) => person)
    return all.filter((person) => this.#claims(person).has(card) && !this.#returned.has(`${person}/${card}`)).length
  }
}

/** The last day counts to its end in Berlin, an hour (in summer two) before midnight in Greenwich: a full day later it is over anywhere. */
function isOver({ end, lastDay }: HrRow, now: Date): boolean {
  return [end, lastDay].some((last) => last !== undefined && Date.parse(`${last}T23:00:00Z`) <= now.getTime())
}
