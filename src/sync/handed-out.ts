/** The levels of a target that rules hand out: of these a list is asked who has them. */
import type { SyncContext } from './context.ts'

/** The vendor's ids. */
export function handedOut({ levels, policy }: SyncContext, target: string): string[] {
  return policy.levels().flatMap((ref) => {
    const id = ref.startsWith(`${target}/`) ? levels.byRef(ref) : undefined
    return (id === undefined ? undefined : levels.externalId(id)) ?? []
  })
}
