/** Who was given which access groups, out of one request for each group instead of one for each user. */
import type { Listed } from './client.ts'
import type { Member } from './records.ts'

export class GroupsListed {
  /** The groups of which `of` tells. */
  readonly told = new Set<string>()
  /** Of each user the ids of groups, with blanks between. Thousands have the same, and share one text. */
  readonly #of = new Map<string, string>()
  readonly #shared = new Map<string, string>()

  /** One whose users the server does not give whole is not told. */
  add(group: string, { rows, whole }: Listed<Member>): void {
    if (!whole || this.told.has(group)) return
    this.told.add(group)
    for (const userId of new Set(rows.map(({ user_id }) => user_id))) {
      const before = this.#of.get(userId)
      const all = before === undefined ? group : `${before} ${group}`
      const kept = this.#shared.get(all) ?? all
      this.#shared.set(kept, kept)
      this.#of.set(userId, kept)
    }
  }

  of(userId: string): string[] {
    return this.#of.get(userId)?.split(' ') ?? []
  }
}
