/** What an event may tell its receiver beyond what happened and when: whatever is not on a subscription's list leaves only as a pseudonym, or not at all. */

export const reveals = ['door', 'account', 'card', 'employee_number', 'name', 'email', 'department', 'vendor'] as const
export type Reveal = (typeof reveals)[number]

/** What a subscription may deliver: what door systems report, or who came and went for time and attendance. */
export const feedNames = ['events', 'punches'] as const
export type FeedName = (typeof feedNames)[number]

/** Of a person: all that there is of a punch, which knows of no door, account or card. */
export const revealsOfPeople = ['employee_number', 'name', 'email', 'department'] as const satisfies readonly Reveal[]

/** Where the subscription does not say; `byConnector`: of events, where that does. */
export function revealUnlessSaid(feed: FeedName, byConnector?: readonly Reveal[]): readonly Reveal[] {
  return feed === 'punches' ? [] : (byConnector ?? ['door'])
}
