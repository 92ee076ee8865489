/** Says in words what follows from an edit of the configuration beyond the changes that can be counted beforehand. */
import type { Candidate } from '../sync/configuration/decide.ts'

/** In the order of sources, targets and subscriptions; empty when the counts say it all. */
export function configNotes({
  before,
  after,
  edits,
}: Pick<Candidate, 'before' | 'after' | 'edits'>): readonly string[] {
  if (after === null) return []
  const touched = (path: string) => edits.some((edit) => edit.path === path || edit.path.startsWith(`${path}.`))
  const notes: string[] = []
  for (const id of namesOf(before.sources, after.sources)) {
    const at = `sources.${id}`
    if (after.sources[id] === undefined)
      notes.push(`${at} is removed: nobody leaves by it any more, and whom it spoke of stays as it last said.`)
    else if (before.sources[id] === undefined) notes.push(`${at} is new: whom it brings is not counted.`)
    else if (touched(`${at}.mapping`) || touched(`${at}.zone`) || touched('gateway.zone'))
      notes.push(
        `${at} is read in another way: every row counts as changed at the next delivery, which is not counted.`,
      )
    else if (touched(`${at}.settings`) || touched(`${at}.connector`))
      notes.push(`${at} is read from another place or in another way: whom that brings is not counted.`)
  }
  for (const id of namesOf(before.targets, after.targets)) {
    const at = `targets.${id}`
    const digests = after.targets[id]?.guard.templateDigests ?? null
    if (
      after.targets[id] !== undefined &&
      digests?.legalBasis !== before.targets[id]?.guard.templateDigests?.legalBasis
    )
      notes.push(digests === null ? undigested(at) : digested(at, digests.legalBasis))
    if (after.targets[id] === undefined)
      notes.push(`${at} is removed: nothing is taken away there, and whoever leaves stays open there.`)
    else if (before.targets[id] === undefined)
      notes.push(
        `${at} is new: it is only observed until somebody enables it, and what it offers is not known yet, so nothing there is counted.`,
      )
    else if (touched(`${at}.settings`) || touched(`${at}.connector`))
      notes.push(
        `${at} is reached or written in another way: from then on accounts are written there, with names, cards and our login.`,
      )
  }
  for (const id of namesOf(before.subscriptions, after.subscriptions)) {
    const at = `subscriptions.${id}`
    const now = after.subscriptions[id]
    if (now === undefined)
      notes.push(
        `${at} is removed: nothing is delivered there any more, and how far it was is forgotten after 30 days.`,
      )
    else if (before.subscriptions[id] === undefined)
      notes.push(
        `${at} is new: from the release on, ${now.feed} leave to it, with ${told(now.reveal)} as they are.${now.feed === 'punches' && after.attendance.punches.length === 0 ? unpunched : ''}`,
      )
    else if (touched(`${at}.settings`) || touched(`${at}.connector`))
      notes.push(`${at} is reached in another way: what waits, and all that follows, goes there.`)
    else if (touched(`${at}.reveal`)) notes.push(`${at} is told ${told(now.reveal)} as they are from now on.`)
  }
  return notes
}

const digested = (at: string, basis: string): string =>
  `${at}.guard: from the release on, templates of fingers and faces are read there, for keyed digests of them. Legal basis: ${basis}`

const undigested = (at: string): string =>
  `${at}.guard: no templates are read there any more, and digests of them are taken out of what is noted as each account is looked at.`

const unpunched = ' No rule of attendance.punches makes any: it is told of those alone that are written by hand.'

function told(reveal: readonly string[]): string {
  return reveal.length === 0 ? 'nothing of doors and people' : reveal.join(', ')
}

/**
 * Names the rules that give nobody anything, most often since their condition misspells a name; where neither rules nor sources are edited,
 * none. `given` is null while that can't be told.
 */
export function idleRules(
  { after, edits }: Pick<Candidate, 'after' | 'edits'>,
  given: readonly number[] | null,
): readonly string[] {
  if (!edits.some(({ path }) => /^(policy|sources)\b/.test(path))) return []
  const idle = (after?.policy ?? []).flatMap(({ grant }, index) =>
    given?.[index] === 0 ? [`policy[${index}] (${grant.join(', ')})`] : [],
  )
  if (idle.length === 0) return []
  return [
    `nobody who is known now is given anything by ${idle.join(', ')}: where somebody should, compare the names in the condition with what the source says, as gatehouse person explain shows it.`,
  ]
}

function namesOf(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
}
