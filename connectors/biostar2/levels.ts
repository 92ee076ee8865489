/** Access groups at the server, which are the access levels of Gatehouse: what exists, what a user group brings along, what fits. */
import type { TargetLevel } from '../../src/connector/contract.ts'
import { withCallScope } from '../../src/connector/egress/call-scope.ts'
import type { Client } from './client.ts'
import type { AccessGroup, UserGroup } from './records.ts'
import { SharedCall } from './shared-call.ts'

/** Access groups per person (BioStar 2 console text; codes 651, 65637, 131090). */
export const levelsMax = 16

const cachedMs = 30_000

interface Catalogue {
  readonly groups: readonly AccessGroup[]
  readonly parents: ReadonlyMap<string, string | undefined>
}

export class Levels {
  readonly #client: Client
  readonly #now: () => Date
  // Takes the urgent lane, whoever asked first, because a lock-out may wait for it.
  readonly #shared = new SharedCall(async (signal) => {
    const { result } = await withCallScope({ lane: 'urgent' }, () => this.#load(signal))
    return result
  })
  #cached: { readonly at: number; readonly catalogue: Catalogue } | null = null

  constructor(client: Client, now: () => Date) {
    this.#client = client
    this.#now = now
  }

  /** All that can be granted, as the server says now. */
  async discover(signal: AbortSignal): Promise<TargetLevel[]> {
    const { groups } = await this.#load(signal)
    return groups.map(({ id, name }) => ({ externalId: id, name }))
  }

  /** Tells the levels that reach the members of a user group through it or a group above it, as they were at most 30 s ago. */
  async inheritance(signal: AbortSignal): Promise<(userGroup: string | undefined) => string[]> {
    const { groups, parents } = this.#remembered() ?? (await this.#shared.join(signal))
    return (userGroup) => {
      const line = new Set<string>()
      // The set also ends the walk should the server ever give a circle.
      for (let group = userGroup; group !== undefined && !line.has(group); group = parents.get(group)) line.add(group)
      return groups.filter(({ userGroups }) => userGroups.some((group) => line.has(group))).map(({ id }) => id)
    }
  }

  #remembered(): Catalogue | null {
    if (this.#cached === null || Math.abs(this.#now().getTime() - this.#cached.at) >= cachedMs) return null
    return this.#cached.catalogue
  }

  async #load(signal: AbortSignal): Promise<Catalogue> {
    const at = this.#now().getTime()
    const groups = await this.#client.accessGroups(signal)
    const anyUserGroup = groups.some(({ userGroups }) => userGroups.length > 0)
    const catalogue = { groups, parents: parentsOf(anyUserGroup ? await this.#client.userGroups(signal) : []) }
    this.#cached = { at, catalogue }
    return catalogue
  }
}

function parentsOf(userGroups: readonly UserGroup[]): Map<string, string | undefined> {
  return new Map(userGroups.map(({ id, parent }) => [id, parent === id ? undefined : parent]))
}

export interface Fitted {
  /** The whole list to write. */
  readonly list: readonly string[]
  /** Not on the account yet, and in the list. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Wanted, but there is no room for it. */
  readonly left: readonly string[]
}

/**
 * The list of own levels: what is there stays, unless revoked; what is missing and not inherited is added by ascending id while
 * there is room. What opens doors now is never displaced, and repeating the call gives the same list.
 */
export function fitLevels(input: {
  readonly present: readonly string[]
  readonly inherited: readonly string[]
  readonly desired: readonly string[]
  readonly revoked: readonly string[]
}): Fitted {
  const desired = new Set(input.desired)
  const revoked = new Set(input.revoked.filter((level) => !desired.has(level)))
  const kept = input.present.filter((level) => !revoked.has(level))
  const there = new Set([...kept, ...input.inherited])
  const missing = [...desired].filter((level) => !there.has(level)).sort(byNumber)
  const added = missing.slice(0, Math.max(0, levelsMax - kept.length))
  return {
    list: [...kept, ...added],
    added,
    removed: input.present.filter((level) => revoked.has(level)),
    left: missing.slice(added.length),
  }
}

function byNumber(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1)
}
