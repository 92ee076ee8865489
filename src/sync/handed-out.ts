/** The levels of a target that rules hand out, or that nobody but Gatehouse gives: of these a list is asked who has them. */
import type { SyncContext } from './context.ts'

/** The vendor's ids. */
export function handedOut({ levels, policy, targets }: SyncContext, target: string): string[] {
  const named = targets.get(target)?.authoritative.map((name) => `${target}/${name}`) ?? []
  return [...new Set([...policy.levels(), ...named])].flatMap((ref) => {
    const id = ref.startsWith(`${target}/`) ? levels.byRef(ref) : undefined
    return (id === undefined ? undefined : levels.externalId(id)) ?? []
  })
}
