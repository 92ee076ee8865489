/** Access groups at the server, which are the access levels of Gatehouse: what exists, what a user group brings along, what fits. */
import type { TargetLevel } from '../../src/connector/contract.ts'
import { withCallScope } from '../../src/connector/egress/call-scope.ts'
import { SharedCall } from '../../src/connector/shared-call.ts'
import type { Client, Listed } from './client.ts'
import { ownFailure } from './errors.ts'
import type { AccessGroup } from './records.ts'

/** Access groups per person (BioStar 2 console text; codes 651, 65637, 131090). */
export const levelsMax = 16

const cachedMs = 30_000

export class Levels {
  readonly #client: Client
  readonly #now: () => Date
  // Takes the urgent lane, whoever asked first, because a lock-out may wait for it.
  readonly #shared = new SharedCall(async (signal) => {
    const { result } = await withCallScope({ lane: 'urgent' }, () => this.#load(signal))
    return result
  })
  #cached: { readonly at: number; readonly groups: Listed<AccessGroup> } | null = null

  constructor(client: Client, now: () => Date) {
    this.#client = client
    this.#now = now
  }

  /**
   * All that can be granted, as the server says now.
   * @throws ConnectorError `rejected` (`biostar2.view-limited`) when the server has more than it shows: a level would look deleted.
   */
  async discover(signal: AbortSignal): Promise<TargetLevel[]> {
    const { rows, whole } = await this.#load(signal)
    if (whole) return rows.map(({ id, name }) => ({ externalId: id, name }))
    throw ownFailure(
      'rejected',
      'biostar2.view-limited',
      "The server has more access groups than it shows: let the service account's operator level see all.",
    )
  }

  /** The ids of those that the server shows now; others may be there. */
  async shown(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { rows } = await this.#load(signal)
    return new Set(rows.map(({ id }) => id))
  }

  /**
   * Tells the levels that reach the members of a user group through it, as they were at most 30 s ago. Those of groups above it do not
   * count, unless they name this one too: the vendor speaks of 'those of the user group' alone (BioStar 2 API, Access Group), and a level
   * that is granted twice costs nothing, while one that is taken for granted leaves a person at a shut door.
   */
  async inheritance(signal: AbortSignal): Promise<(userGroup: string | undefined) => string[]> {
    const { rows } = this.#remembered() ?? (await this.#shared.join(signal))
    return (own) => rows.filter(({ userGroups }) => own !== undefined && userGroups.includes(own)).map(({ id }) => id)
  }

  #remembered(): Listed<AccessGroup> | null {
    if (this.#cached === null || Math.abs(this.#now().getTime() - this.#cached.at) >= cachedMs) return null
    return this.#cached.groups
  }

  async #load(signal: AbortSignal): Promise<Listed<AccessGroup>> {
    const at = this.#now().getTime()
    const groups = await this.#client.accessGroups(signal)
    this.#cached = { at, groups }
    return groups
  }
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
