/** People who do not exist, with names that no list of real ones holds, and names of every awkward kind. */
import type { DesiredAccount } from '../../src/connector/contract.ts'
import type { PersonFacts } from '../../src/model/person.ts'

/** Person number `n`; each has an employee number and an e-mail of their own. */
export function madeUpPerson(n: number, some: Partial<PersonFacts> = {}): PersonFacts {
  return {
    employeeNumber: String(4_100_000 + n),
    email: `zyphora.${n}@example.org`,
    givenName: 'Zyphora',
    familyName: 'Quillfeather',
    preferredName: null,
    department: 'Wyrmling Research',
    title: 'Keeper of Samples',
    ...some,
  }
}

/** An open account without cards and levels. */
export function openAccount(facts: PersonFacts, some: Partial<DesiredAccount> = {}): DesiredAccount {
  return { lock: 'open', validity: { from: null, until: null }, facts, cards: [], levels: [], ...some }
}

export const oddNames: readonly (readonly [string, Pick<PersonFacts, 'givenName' | 'familyName'>])[] = [
  ['an apostrophe', { givenName: 'Sheyla', familyName: "O'Brien-Quillfeather" }],
  ['a curly apostrophe', { givenName: 'D’Arcy', familyName: 'Quillfeather' }],
  ['right-to-left script', { givenName: 'زيفورا', familyName: 'ريشة‌القلم' }],
  ['right-to-left script with marks', { givenName: 'זִיפוֹרָה', familyName: 'קווילפדר' }],
  ['a direction override', { givenName: '\u202Earohpyz\u202C', familyName: 'Quillfeather' }],
  ['combining characters', { givenName: 'Zyphora\u0308\u0323', familyName: 'Q\u0302uillfeather' }],
  ['a letter and its mark apart', { givenName: 'Zoe\u0308', familyName: 'Mu\u0308ller-Quill' }],
  ['emoji', { givenName: 'Zyphora 👩🏽‍🔬', familyName: '🪶 Quillfeather' }],
  ['letters beyond the basic plane', { givenName: '𠮷𠮷', familyName: '𝒬𝓊𝒾𝓁𝓁' }],
  ['Devanagari with joiners', { givenName: 'क्‍षितिज', familyName: 'श्रीवास्तव' }],
  ['300 characters', { givenName: 'Zyphora', familyName: 'Quillfeather '.repeat(23).slice(0, 300 - 8) }],
  ['300 family emoji', { givenName: 'Z', familyName: '👨‍👩‍👧‍👦'.repeat(300) }],
  ['a letter under 300 marks', { givenName: `Z${'\u0301'.repeat(300)}`, familyName: 'Quillfeather' }],
  ['signs only', { givenName: "'", familyName: '"<>&;%' }],
  ['half a surrogate pair', { givenName: 'Zyphora\uD800', familyName: 'Quillfeather' }],
  ['control characters', { givenName: 'Zy\u0000phora\u0007', familyName: 'Quill\r\nfeather' }],
  ['blanks of every kind', { givenName: '\u00A0Zyphora\u2003', familyName: '\tQuillfeather\u3000' }],
  ['no given name', { givenName: null, familyName: 'Quillfeather' }],
]
