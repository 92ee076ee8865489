/** Which events, or punches, a subscription delivers: CEL over each, and over those attributes of its person that the subscription may have. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { FeedName, Reveal } from '../model/events/reveal.ts'
import {
  accessOf,
  celCode,
  celEnvironment,
  childrenOf,
  compileExpression,
  ExpressionError,
  isCelFault,
  isVariable,
  positionAt,
} from './cel.ts'

/** What of an event the filter may ask for, and what must be revealed for that; null: nothing. */
const eventFields = {
  type: null,
  class: null,
  decision: null,
  system: null,
  site: null,
  direction: null,
  active: null,
  live: null,
  known: null,
  verify: null,
  deviceKey: null,
  door: 'door',
  doorId: 'door',
  reader: 'door',
  readerId: 'door',
  vendorCode: 'vendor',
  vendorName: 'vendor',
} as const satisfies Readonly<Record<string, Reveal | null>>

/** And of a punch, which tells of no door. */
const punchFields = { type: null, kind: null, correction: null } as const satisfies Readonly<Record<string, null>>

const fieldsOf: Readonly<Record<FeedName, Readonly<Record<string, Reveal | null>>>> = {
  events: eventFields,
  punches: punchFields,
}

const personFields = {
  employeeNumber: 'employee_number',
  givenName: 'name',
  familyName: 'name',
  preferredName: 'name',
  email: 'email',
  department: 'department',
} as const satisfies Readonly<Record<string, Reveal>>

export type EventFacts = Readonly<Record<keyof typeof eventFields, unknown>>
export type PunchFacts = Readonly<Record<keyof typeof punchFields, unknown>>
interface FactsOf {
  readonly events: EventFacts
  readonly punches: PunchFacts
}
export type PersonAttributes = Readonly<Record<keyof typeof personFields, string | null>>

/** All of them null: of nobody, and of somebody of whom nothing is known. */
export const noAttributes: PersonAttributes = {
  ...{ employeeNumber: null, givenName: null, familyName: null, preferredName: null },
  ...{ email: null, department: null },
}

/** `failed`: the expression broke on this event, which is then not delivered, and someone should mend it. */
export type FilterVerdict = 'passes' | 'stays' | { readonly failed: string }

export interface EventFilter<F extends FeedName = 'events'> {
  /** Whether it asks for anything of the person. */
  readonly asksForPerson: boolean
  decide(event: FactsOf[F], person: PersonAttributes): FilterVerdict
}

const env = celEnvironment()
  .registerVariable('event', 'map<string, dyn>')
  .registerVariable('person', 'map<string, dyn>')

/** Delivers everything. */
export const everyEvent: EventFilter<FeedName> = { asksForPerson: false, decide: () => 'passes' }

/** @throws ExpressionError when it is no CEL, no yes or no, or asks for what there is not, or what `reveal` does not list. */
export function compileEventFilter<F extends FeedName = 'events'>(
  source: string,
  reveal: readonly Reveal[],
  // What is said is of type F, and F is 'events' where nothing is.
  feed: F = 'events' as F,
): EventFilter<F> {
  const { ast, type, run } = compileExpression(env, 'filter', source)
  if (type !== 'bool' && type !== 'dyn') throw new ExpressionError('filter', 'filter.not-bool', { line: 1, column: 1 })
  const asked = new Set<'event' | 'person'>()
  check(ast)
  return {
    asksForPerson: asked.has('person'),
    decide(event, person) {
      try {
        const answer = run({ event, person })
        if (typeof answer === 'boolean') return answer ? 'passes' : 'stays'
        return { failed: 'filter.not-bool' }
      } catch (error) {
        if (!isCelFault(error)) throw error
        return { failed: celCode(error) }
      }
    },
  }

  /** Only fields by name: over a whole map nobody could tell what it asks for. */
  function check(node: ASTNode): void {
    const fault = (code: string, name?: string) =>
      new ExpressionError('filter', code, positionAt(source, node.start), name ?? null)
    const access = accessOf(node)
    for (const variable of ['event', 'person'] as const) {
      if (isVariable(node, variable)) throw fault('filter.field-by-name')
      if (access === null || !isVariable(access.base, variable)) continue
      const path = `${variable}.${access.name}`
      const needed = neededFor(feed, variable, access.name)
      if (needed === undefined && neededFor('events', variable, access.name) !== undefined)
        throw fault('filter.not-of-punches', path)
      if (needed === undefined) throw fault('filter.unknown-field', path)
      if (needed !== null && !reveal.includes(needed)) throw fault('filter.not-revealed', path)
      asked.add(variable)
      return
    }
    for (const child of childrenOf(node)) check(child)
  }
}

function neededFor(feed: FeedName, variable: 'event' | 'person', name: string): Reveal | null | undefined {
  const fields: Readonly<Record<string, Reveal | null>> = variable === 'event' ? fieldsOf[feed] : personFields
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** For whoever misspelt one. */
export function filterFields(feed: FeedName): readonly string[] {
  return [
    ...Object.keys(fieldsOf[feed]).map((name) => `event.${name}`),
    ...Object.keys(personFields).map((name) => `person.${name}`),
  ]
}
