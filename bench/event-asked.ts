/** What is asked of ten million events: each question twenty times, about somebody or something else each time. */
import type { EventQuestion } from '../src/events/find-events.ts'
import { type Card, h10301 } from '../src/model/card.ts'
import type { PersonId } from '../src/model/id.ts'
import { type Drawn, dayMs, doors, people } from './event-history.ts'
import { source } from './plain-events.ts'

export const timesAsked = 20
/** Of people and doors, those with these numbers and as many after them. */
const first = { person: 0, card: timesAsked, door: 100 }
/** Days that are asked for, each from its beginning to its end, so long ago. */
const daysAgo = 45
/** Whatever is asked for without a time is found among the newest events, unless it is seldom. */
const newestDays = 4
const rare = 'alarm.duress'

/** Ids of people by number; a stranger is one who never came. */
export interface Asked {
  readonly people: readonly PersonId[]
  readonly stranger: PersonId
  readonly today: number
}

type Ask = (asked: Asked, n: number) => EventQuestion

export const questions: Readonly<Record<string, Ask>> = {
  anything: () => ({}),
  'a person': (asked, n) => ({ person: personOf(asked, n) }),
  'a card': (_, n) => ({ card: cardOf(first.card + n) }),
  'a door': (_, n) => ({ door: { source, id: doorId(first.door + n) } }),
  'a door that is hardly used': () => ({ door: { source, id: doorId(doors - 1) } }),
  'a type': () => ({ type: 'access.denied.expired' }),
  'a type that is rare': () => ({ type: rare }),
  'a class': () => ({ class: 'alarm' }),
  'cards of nobody': () => ({ strangeCards: true }),
  'a person and a type': (asked, n) => ({ person: personOf(asked, n), type: 'access.granted' }),
  'a person and a door': (asked, n) => ({
    ...{ person: personOf(asked, n), door: { source, id: doorId(first.door + n) } },
  }),
  'somebody who never came': ({ stranger }) => ({ person: stranger }),
  'a type that never was': () => ({ type: 'access.denied.antipassback' }),
}

function personOf(asked: Asked, n: number): PersonId {
  return asked.people[first.person + n] as PersonId
}

/** Without a time all that is kept is looked through, if need be; and a day of six weeks ago. */
export function rangesOf({ today }: Asked): Readonly<Record<string, Pick<EventQuestion, 'from' | 'to'>>> {
  const day = today - daysAgo
  return { ever: {}, 'one day': { from: new Date(day * dayMs), to: new Date((day + 1) * dayMs) } }
}

/** Whether the first page of any question may show it: only these are sealed, all others are as wide and can't be opened. */
export function mayBeAsked({ at, receivedAt, person, door, type }: Drawn, today: number): boolean {
  const days = [Math.floor(at / dayMs), Math.floor(receivedAt / dayMs)]
  return (
    (person !== null && person < first.card + timesAsked) ||
    door === doors - 1 ||
    type === rare ||
    days.some((day) => day >= today - newestDays || day === today - daysAgo)
  )
}

export function doorId(door: number): string {
  return String(door + 1)
}

const cards = Array.from({ length: people }, (_, n) => h10301(20, n + 1))

export function cardOf(person: number): Card {
  return cards[person] as Card
}
