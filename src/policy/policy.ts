/** Decides what a person may open: rules run for each active employment and unite; what nobody knows is neither given nor taken. */
import type { CelPosition } from '../mapping/cel.ts'
import type { Person } from '../model/person.ts'
import { type Explanation, explain } from './explain.ts'
import { compileRule, type RuleConfig } from './rule.ts'
import type { Standing } from './state.ts'
import { decider } from './verdicts.ts'

/** Why a level is wanted: which rule (index in the configuration), and the key of the employment that it held for. */
export interface GrantReason {
  readonly rule: number
  readonly employment: string
}

/** A rule that broke on somebody's values: for operators, without any value. */
export interface RuleFailure {
  readonly rule: number
  readonly code: string
  readonly at: CelPosition | null
}

export interface Evaluation {
  /** By level reference, in the order of the rules. */
  readonly wanted: ReadonlyMap<string, readonly GrantReason[]>
  /** Levels that may be neither granted nor revoked now. Never one that is wanted. */
  readonly unknown: ReadonlySet<string>
  readonly failures: readonly RuleFailure[]
}

export interface Policy {
  /** How many rules there are. */
  readonly size: number
  /** Every level that a rule can grant, sorted. */
  levels(): readonly string[]
  /**
   * What the rules say about a person whose standing is `standing`. A rule that needs an unknown field, or breaks, leaves its
   * levels unknown unless another grants them; so does one that would grant by an unknown employment. For a person whose
   * state is unknown, all levels are.
   */
  evaluate(person: Person, standing: Standing): Evaluation
  /** The same rule by rule, with the values that led to it: personal data, only for callers who may see this person. */
  explain(person: Person, standing: Standing, now: Date): Explanation
}

/** @throws ExpressionError with the rule (`policy[3].to`) and the place of the mistake. */
export function compilePolicy(configs: readonly RuleConfig[]): Policy {
  const rules = configs.map(compileRule)
  const decide = decider(rules)
  const levels = [...new Set(rules.flatMap((rule) => rule.grant))].sort()

  return {
    size: rules.length,
    levels: () => levels,
    evaluate(person, standing) {
      const wanted = new Map<string, GrantReason[]>()
      const failures: RuleFailure[] = []
      if (standing.state === 'unknown') return { wanted, unknown: new Set(levels), failures }
      const unknown = new Set<string>()
      for (const employment of standing.activeEmployments) {
        for (const [index, verdict] of decide(person, employment).entries()) {
          const rule = rules[index]
          if (!rule || verdict.is === 'denied') continue
          if (verdict.is === 'granted') {
            for (const level of rule.grant) addReason(wanted, level, { rule: rule.index, employment: employment.key })
            continue
          }
          for (const level of rule.grant) unknown.add(level)
          if (verdict.is === 'failed') failures.push({ rule: rule.index, code: verdict.code, at: verdict.at })
        }
      }
      for (const employment of standing.unknownEmployments) {
        for (const [index, verdict] of decide(person, employment).entries()) {
          if (verdict.is === 'denied') continue
          for (const level of rules[index]?.grant ?? []) unknown.add(level)
        }
      }
      for (const level of wanted.keys()) unknown.delete(level)
      return { wanted, unknown, failures }
    },
    explain: (person, standing, now) => explain(rules, person, standing, now),
  }
}

function addReason(wanted: Map<string, GrantReason[]>, level: string, reason: GrantReason): void {
  const reasons = wanted.get(level)
  if (reasons) reasons.push(reason)
  else wanted.set(level, [reason])
}
