/** Ids are random, carry no meaning, and are branded so that one kind is never taken for another. */
import { randomUUID } from 'node:crypto'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type PersonId = Id<'person'>
export type AccountId = Id<'account'>
export type CredentialId = Id<'credential'>
export type SourceRecordId = Id<'source-record'>
export type AccessLevelId = Id<'access-level'>
export type GrantId = Id<'grant'>
export type PinIssueId = Id<'pin-issue'>
export type PlanId = Id<'plan'>
export type PullId = Id<'pull'>
export type SubjectId = Id<'subject'>
export type KeyId = Id<'key'>
export type MatchRunId = Id<'match-run'>
export type SuspensionId = Id<'suspension'>
export type EnrolmentId = Id<'enrolment'>
export type ConfigVersionId = Id<'config-version'>

/** A new random id (UUID version 4) of the kind that the caller names. */
export function newId<T extends Id<string>>(): T {
  return randomUUID() as T
}
