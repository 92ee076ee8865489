/** Fingers, faces and mobile credentials of an account, as its system counts them: Gatehouse writes none, so that no run of ours explains another count. */
import type { CredentialMarks } from '../../connector/contract.ts'

const kinds = ['fingers', 'faces', 'mobiles'] as const

/** Of what both tell. */
export function hasOtherCounts(before: CredentialMarks | undefined, after: CredentialMarks | undefined): boolean {
  if (before === undefined || after === undefined) return false
  return kinds.some((kind) => before[kind] !== null && after[kind] !== null && before[kind] !== after[kind])
}

/** To be noted after a run of ours: the mark that it left, and the counts as they were, so that whoever looks next finds another one. */
export function marksAfterRun(
  before: CredentialMarks | undefined,
  after: CredentialMarks | undefined,
): CredentialMarks | undefined {
  if (before === undefined || after === undefined) return after
  const kept = kinds.flatMap((kind) => (before[kind] === null || after[kind] === null ? [] : [[kind, before[kind]]]))
  return { ...after, ...Object.fromEntries(kept) }
}
