/** What an account and a person can be recognised by, as keyed digests that are equal when the values are. */
import type { ActualAccount } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { Card } from '../../model/card.ts'
import type { PersonFacts } from '../../model/person.ts'
import type { Dossier } from '../../store/dossier.ts'
import { accountDigest, cardDigest, employeeNumberDigest, normalised } from '../../store/identifiers.ts'
import type { Vault } from '../../vault/vault.ts'
import type { MatchRules, SyncContext, TargetSetup } from '../context.ts'
import { isMade } from '../owned-row.ts'
import { understand } from '../resolve/resolve.ts'
import type { Met } from './account-book.ts'
import { dayOf, firstDays } from './dates.ts'

/** A kind of unique identifier: two of them that agree are worth more than one. */
export type Ground = 'employee-number' | 'email' | 'card'

export interface Mark {
  readonly ground: Ground
  readonly digest: Buffer
}

const normalisedEmail = (text: string): string => text.trim().toLowerCase()

/** The id of an account, if the rules say that it is an employee number. */
export const accountId = 'account-id'

function numberMark(vault: Vault, rules: MatchRules, text: string): Mark[] {
  const digest = employeeNumberDigest(vault, comparable(rules, text))
  return digest === null ? [] : [{ ground: 'employee-number', digest }]
}

/** As numbers are held against each other. */
function comparable({ leadingZeros }: MatchRules, text: string): string {
  const number = normalised(text)
  return leadingZeros === 'ignore' ? number.replace(/^0+(?=.)/, '') : number
}

function idMark(vault: Vault, target: string, externalId: string): Mark {
  return { ground: 'employee-number', digest: accountDigest(vault, target, externalId) }
}

function emailMark(vault: Vault, text: string): Mark[] {
  const email = normalisedEmail(text)
  return email.includes('@') ? [{ ground: 'email', digest: vault.index('email', email) }] : []
}

/** All by which an account is held against people; names and numbers in clear, in memory alone. */
export interface Shown {
  readonly marks: readonly Mark[]
  readonly name: string | null
  /** Employee numbers in a field of its own. */
  readonly numbers: readonly string[]
  /** On which it begins, where that tells anything. */
  readonly day: string | null
}

/** What an account shows, by the rules of its target. */
export function shownBy(vault: Vault, target: TargetSetup, account: ActualAccount): Shown {
  const { match, connection } = target
  return {
    marks: marksOfAccount(vault, target, account),
    name: shownName(match, account),
    numbers: shownNumbers(match, account),
    day: match.nameAndDate ? dayOf(account.validity.from, connection.accounts.zone) : null,
  }
}

function marksOfAccount(vault: Vault, { id: target, match }: TargetSetup, account: ActualAccount): Mark[] {
  const { externalId, profile, cards } = account
  const byId = match.employeeNumber.includes(accountId)
  return [
    ...(byId ? [...numberMark(vault, match, externalId), idMark(vault, target, externalId)] : []),
    ...shownNumbers(match, account).flatMap((text) => numberMark(vault, match, text)),
    ...match.email.flatMap((field) => emailMark(vault, profile[field] ?? '')),
    ...(match.card ? cards.flatMap(({ card }) => (card === null ? [] : cardMark(vault, card))) : []),
  ]
}

function cardMark(vault: Vault, card: Card): Mark {
  return { ground: 'card', digest: cardDigest(vault, card) }
}

/** Employee numbers that the account shows in a field of its own. */
function shownNumbers(rules: MatchRules, { profile }: ActualAccount): string[] {
  return rules.employeeNumber.flatMap((field) => {
    const text = field === accountId ? '' : comparable(rules, profile[field] ?? '')
    return text === '' ? [] : [text]
  })
}

/** What the account is called, by the first field that says so. */
function shownName({ name }: MatchRules, { profile }: ActualAccount): string | null {
  return name.map((each) => profile[each] ?? '').find((text) => text.trim() !== '') ?? null
}

/** A person, as they are held against accounts of this target now. */
export function metOf(context: SyncContext, target: TargetSetup, dossier: Dossier): Met {
  const { vault } = context
  const { facts, employments } = understand(context, dossier, context.now()).person
  return {
    person: dossier.person.id,
    marks: marksOfPerson(vault, target, dossier, facts),
    facts,
    numbers: numbersOf(target.match, dossier),
    days: firstDays(employments),
    hasAccount: dossier.accounts.some(({ row }) => row.target === target.id && isMade(vault, row)),
  }
}

/** Employee numbers of all records that still speak of the person. */
function numbersOf(rules: MatchRules, { records }: Dossier): string[] {
  return textsOf(records, 'employeeNumber').map((text) => comparable(rules, text))
}

function textsOf(records: Dossier['records'], field: 'employeeNumber' | 'email'): string[] {
  return records.flatMap(({ record }) => {
    const value = record.fields[field]
    return typeof value === 'string' && value.trim() !== '' && !record.hidden.includes(field) ? [value] : []
  })
}

/** Marks of a person; cards that were given back, or wait for somebody, are not theirs. */
function marksOfPerson(vault: Vault, target: TargetSetup, dossier: Dossier, facts: PersonFacts): Mark[] {
  return [
    ...textsOf(dossier.records, 'employeeNumber').flatMap((text) => numberMark(vault, target.match, text)),
    ...idOf(vault, target, facts),
    ...textsOf(dossier.records, 'email').flatMap((text) => emailMark(vault, text)),
    ...dossier.credentials
      .filter(({ row }) => row.state !== 'returned' && !row.waits)
      .map(({ card }) => cardMark(vault, card)),
  ]
}

/** The account id that the connector would give; some people get none. */
function idOf(vault: Vault, target: TargetSetup, facts: PersonFacts): Mark[] {
  try {
    return [idMark(vault, target.id, target.connection.accounts.identify(facts))]
  } catch (error) {
    if (error instanceof ConnectorError) return []
    throw error
  }
}
