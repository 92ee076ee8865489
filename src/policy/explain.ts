/** Says for one person, rule by rule, why a level is granted or not; the answer holds personal data and is marked so. */
import type { CelPosition } from '../mapping/cel.ts'
import type { Employment, Person, PersonState } from '../model/person.ts'
import { fieldValue, type Known, variablesOf } from './facts.ts'
import type { Rule, Verdict } from './rule.ts'
import type { Standing } from './state.ts'

/** Plain data. `personal` marks it for masking: never log it, show it only to those who may see this person. */
export interface Explanation {
  readonly personal: true
  /** ISO 8601, UTC. */
  readonly at: string
  readonly state: PersonState
  readonly nextChangeAt: string | null
  readonly rules: readonly RuleExplanation[]
  /** Employments that no rule ran over, because they are over, ahead or at rest. */
  readonly notInForce: readonly EmploymentName[]
}

export interface EmploymentName {
  readonly source: string
  readonly employment: string
}

export interface RuleExplanation {
  readonly rule: number
  readonly grant: readonly string[]
  readonly to: string
  /** `unknown`: neither granted nor revoked by this rule. */
  readonly outcome: 'granted' | 'denied' | 'unknown'
  readonly employments: readonly EmploymentVerdict[]
}

export interface EmploymentVerdict extends EmploymentName {
  /** False when it isn't known whether the employment is in force, so that it grants nothing. */
  readonly inForce: boolean
  readonly verdict: Verdict['is']
  readonly code?: string
  readonly failedAt?: CelPosition | null
  /** The fields that the rule reads; one that isn't known has no `value`. */
  readonly fields: readonly {
    readonly field: string
    readonly known: boolean
    readonly value?: Known
  }[]
}

export function explain(rules: readonly Rule[], person: Person, standing: Standing, now: Date): Explanation {
  const { activeEmployments: active, unknownEmployments: open } = standing
  const seen = new Set([...active, ...open])
  return {
    personal: true,
    at: now.toISOString(),
    state: standing.state,
    nextChangeAt: standing.nextChangeAt?.toISOString() ?? null,
    rules: rules.map((rule) => {
      const employments = [
        ...active.map((employment) => verdictOf(rule, person, employment, true)),
        ...open.map((employment) => verdictOf(rule, person, employment, false)),
      ]
      return {
        rule: rule.index,
        grant: rule.grant,
        to: rule.source,
        outcome: outcomeOf(employments, standing),
        employments,
      }
    }),
    notInForce: person.employments.filter((employment) => !seen.has(employment)).map(nameOf),
  }
}

function outcomeOf(employments: readonly EmploymentVerdict[], { state }: Standing): RuleExplanation['outcome'] {
  if (state === 'unknown') return 'unknown'
  if (employments.some(({ inForce, verdict }) => inForce && verdict === 'granted')) return 'granted'
  return employments.every(({ verdict }) => verdict === 'denied') ? 'denied' : 'unknown'
}

function verdictOf(rule: Rule, person: Person, employment: Employment, inForce: boolean): EmploymentVerdict {
  const verdict = rule.decide(variablesOf(person, employment))
  return {
    ...nameOf(employment),
    inForce,
    verdict: verdict.is,
    ...(verdict.is === 'failed' ? { code: verdict.code, failedAt: verdict.at } : {}),
    fields: rule.refs.map((ref) => {
      const value = fieldValue(ref, person, employment)
      return value === undefined ? { field: ref.path, known: false } : { field: ref.path, known: true, value }
    }),
  }
}

function nameOf({ source, key }: Employment): EmploymentName {
  return { source, employment: key }
}
