/** What one run on an account came to, and what the engine does next about it. */

import type { ActualAccount } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { FailureKind } from '../../model/failure.ts'
import type { CredentialId } from '../../model/id.ts'
import { parseJson } from '../../model/parse-json.ts'
import type { Removal } from '../../store/schema.ts'
import type { Owned } from '../owned-row.ts'
import type { WorkItem } from './work-item.ts'

/** By part: why it is not as desired. */
export type Failures = Readonly<Record<string, { readonly kind: FailureKind; readonly code: string }>>

export interface Outcome {
  /** The desired version that was brought about, or null when it was not. */
  readonly appliedVersion: number | null
  /** Undefined: the target was not read. Null: it has no such account. */
  readonly actual: ActualAccount | null | undefined
  readonly owned: Owned
  readonly failures: Failures
  /** Null: done. Else when to look again, in ms from now. */
  readonly retryInMs: number | null
  /** A human must act before it makes sense to try again. */
  readonly dead: boolean
  /** A write may still land: look once more then, whatever was seen now. */
  readonly verifyInMs: number | null
  readonly startedAt: Date
  readonly acceptedAt: Date | null
  /** Seen shut, in a read separate from any write; null for an account that is to be open. */
  readonly provenAt: Date | null
  /** By its own word, the target took it and a reader may not have: a proof claims no more than that. */
  readonly refusedByReader: boolean
  /** A late write had undone a lock-out that was proven before; so it had that of these cards. */
  readonly reopened: boolean
  /** Of an account whose person is erased: what became of it; null: not yet. */
  readonly removal: Removal | null
  readonly undoneCards: readonly CredentialId[]
  /** The account of that id is somebody else's. */
  readonly isStrange: boolean
}

/** An outcome in which nothing happened but what `fields` say. */
export function outcomeOf(item: WorkItem, startedAt: Date, fields: Partial<Outcome>): Outcome {
  return {
    appliedVersion: null,
    actual: undefined,
    owned: item.owned,
    failures: {},
    retryInMs: null,
    dead: false,
    verifyInMs: null,
    startedAt,
    acceptedAt: null,
    provenAt: null,
    refusedByReader: false,
    reopened: false,
    removal: null,
    undoneCards: [],
    isStrange: false,
    ...fields,
  }
}

/** Tries up to now, where the last one ended like this for the part, else none: whatever else went wrong says nothing about it. */
export function triesAlike({ row, claim }: WorkItem, part: string, code: string): number {
  const noted = parseJson(row.failures ?? '{}') as Failures | null | undefined
  return noted?.[part]?.code === code ? claim.attempts : 0
}

/** Retries double from half a second to a minute, with up to a fifth of jitter; a lock-out never waits more than a second. */
export function backoffMs(attempts: number, urgent: boolean, random: () => number = Math.random): number {
  const base = Math.min(500 * 2 ** Math.min(attempts, 10), urgent ? 1000 : 60_000)
  return Math.round(base * (1 + random() / 5))
}

/** Any thrown value as a connector failure; what is none is a bug, and counts as transient a few times. */
export function failureOf(thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown
  return new ConnectorError({ kind: 'transient', code: 'engine.unexpected', cause: thrown, outcomeUnknown: true })
}
