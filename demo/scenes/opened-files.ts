/** The sealed files hold what happened, and what was searched for: it was not for want of it that nothing was found there. Part of the leak search. */
import { figure } from '../claims.ts'
import { nameOf, type Sought } from '../leaks/forms.ts'
import { memory } from '../leaks/places.ts'
import { type OpenedFiles, openFiles } from '../leaks/sealed-files.ts'
import { searchPlace } from '../leaks/search.ts'
import { sealedNames } from '../site.ts'
import type { Story } from '../story.ts'

export interface Known {
  readonly ofPeople: readonly Sought[]
  readonly times: readonly Sought[]
  readonly ofDoors: readonly Sought[]
}

/** `canary`: as for the search of the files; in them it is not. */
export async function openedFiles(story: Story, known: Known, canary: string): Promise<void> {
  const { house, narrator } = story
  narrator.say(
    `Both subscriptions that write files are opened by ${house.one.name}, who may, and says why: one of who came to which door, with all that there is of people, and one for payroll.`,
  )
  const ofDoors = await openFiles(house, sealedNames.doors)
  const ofWork = await openFiles(house, sealedNames.work)
  for (const { names, bytes } of [ofDoors, ofWork])
    narrator.line(`${names.join(', ').padEnd(40)} ${figure(Math.ceil(bytes / 1e3)).padStart(9)} KB`)
  await claimDoors(story, ofDoors, known, canary)
  await claimWork(story, ofWork, known, canary)
}

async function claimDoors(
  { house: { receiver }, narrator }: Story,
  { texts, entries }: OpenedFiles,
  { ofPeople, times, ofDoors }: Known,
  canary: string,
): Promise<void> {
  const { claims } = narrator
  const told = receiver.events.filter(({ type }) => type.includes('.access.'))
  const wanted = new Set(told.map(({ source, sequence }) => `${source} ${sequence}`))
  claims.exactly(
    'events in the files of doors, as many as the receiver outside knows',
    entries.length,
    wanted.size,
    'events',
  )
  claims.exactly(
    'events that only one of the two knows',
    new Set(entries).symmetricDifference(wanted).size,
    0,
    'events',
  )
  const visited = ofDoors.filter(({ value }) => told.some(({ text }) => text.includes(`"${value}"`)))
  const sought = [...ofPeople, ...times, ...visited]
  const found = await foundIn(texts, sought, canary)
  for (const each of sought) if (!found.has(nameOf(each))) narrator.say(`Not in these: ${nameOf(each)}.`)
  claims.exactly('values that the same search finds in these, opened', found.size, sought.length, 'values')
}

async function claimWork(
  { house: { store }, narrator }: Story,
  { texts, entries }: OpenedFiles,
  { ofPeople, times, ofDoors }: Known,
  canary: string,
): Promise<void> {
  const { claims } = narrator
  const { rows } = await store.query<{ punches: number }>('select count(*)::int as punches from punch')
  claims.exactly(
    'punches in the files for payroll, as many as there are',
    entries.length,
    rows[0]?.punches ?? 0,
    'punches',
  )
  const isNumber = ({ kind }: Sought): boolean => kind === 'employee-number'
  const sought = [...times.filter(({ kind }) => kind === 'punch'), ...ofPeople.filter(isNumber)]
  const found = await foundIn(texts, sought, canary)
  claims.exactly('punches and numbers that the same search finds in those', found.size, sought.length, 'values')
  const others = [...ofPeople.filter((each) => !isNumber(each)), ...ofDoors]
  claims.exactly('names, addresses, cards and doors in those', (await foundIn(texts, others, canary)).size, 0, 'values')
}

async function foundIn(
  texts: readonly string[],
  sought: readonly Sought[],
  canary: string,
): Promise<ReadonlySet<string>> {
  const opened = memory('what was opened', () => texts)
  return new Set((await searchPlace(opened, sought, canary)).leaks)
}
