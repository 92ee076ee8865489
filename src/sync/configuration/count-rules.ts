/** Counts, while a policy decides about people page by page, to how many each of its rules gives something. */
import type { PersonId } from '../../model/id.ts'
import type { Policy } from '../../policy/policy.ts'

export interface RuleCounts {
  /** Decides as the counted one does. */
  readonly policy: Policy
  /** Adds up those who were decided about since the last call. */
  addPage(): void
  /** People by rule, in the order of the rules. */
  readonly given: readonly number[]
}

export function countRules(policy: Policy): RuleCounts {
  const given = new Array<number>(policy.size).fill(0)
  // Somebody is decided about twice when a card of theirs has to wait: they count once.
  const page = new Map<PersonId, ReadonlySet<number>>()
  return {
    given,
    policy: {
      ...policy,
      evaluate(person, standing) {
        const evaluation = policy.evaluate(person, standing)
        page.set(person.id, new Set([...evaluation.wanted.values()].flat().map(({ rule }) => rule)))
        return evaluation
      },
    },
    addPage() {
      for (const rules of page.values()) for (const rule of rules) given[rule] = (given[rule] ?? 0) + 1
      page.clear()
    },
  }
}
