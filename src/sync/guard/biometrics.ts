/** Fingers, faces and mobile credentials of an account, as its system counts them, and keyed digests of templates where these are made: Gatehouse writes none, so that no run of ours explains others. */
import type { CredentialMarks } from '../../connector/contract.ts'

const kinds = ['fingers', 'faces', 'mobiles'] as const

/** Of what both tell: another count, or other templates. */
export function hasOtherBiometrics(before: CredentialMarks | undefined, after: CredentialMarks | undefined): boolean {
  if (before === undefined || after === undefined) return false
  if (hasOtherTemplates(before.templates, after.templates)) return true
  return kinds.some((kind) => before[kind] !== null && after[kind] !== null && before[kind] !== after[kind])
}

/** What was noted is looked for under all keys there ever were: that keys were replaced is no swap. */
function hasOtherTemplates(before: CredentialMarks['templates'], after: CredentialMarks['templates']): boolean {
  const [was] = before ?? []
  return was !== undefined && after !== undefined && !after.includes(was)
}

/** Whether what is noted of templates is to be noted anew: for the first time, under the keys in use, or no more. */
export function isOtherTemplateNote(before: CredentialMarks | undefined, after: CredentialMarks | undefined): boolean {
  return before?.templates?.[0] !== after?.templates?.[0]
}

/** To be noted after a run of ours: the mark that it left, and counts and digests as they were, so that whoever looks next finds another one. */
export function marksAfterRun(
  before: CredentialMarks | undefined,
  after: CredentialMarks | undefined,
): CredentialMarks | undefined {
  if (before === undefined || after === undefined) return after
  const kept = kinds.flatMap((kind) => (before[kind] === null || after[kind] === null ? [] : [[kind, before[kind]]]))
  const templates = hasOtherTemplates(before.templates, after.templates) ? { templates: before.templates } : {}
  return { ...after, ...Object.fromEntries(kept), ...templates }
}
