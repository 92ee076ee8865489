/** Makes one account as desired: one request for the user, and one or two for each card that is not on it yet. */
import type { AccountChange, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { allDone, attempt, combine, unchanged } from '../../src/connector/outcomes.ts'
import { differing } from '../../src/connector/profile.ts'
import type { AccountCard } from '../../src/model/account.ts'
import { cardKey } from '../../src/model/card.ts'
import { type Cards, cardsMax } from './cards.ts'
import type { Client } from './client.ts'
import { ownFailure } from './errors.ts'
import { fitLevels, type Levels } from './levels.ts'
import { profileOf } from './mapping.ts'
import { type Section, writeNew, writeSections } from './parts.ts'
import type { Settings } from './settings.ts'
import { vendorValidity } from './validity.ts'

export type Put = Extract<AccountChange, { kind: 'put' }>

export interface Writing {
  readonly client: Client
  readonly cards: Cards
  readonly levels: Levels
  readonly settings: Settings
}

/** @throws ConnectorError when nothing at all could be written; a part that failed alone is told in the answer. */
export async function put(change: Put, writing: Writing, signal: AbortSignal): Promise<Applied> {
  const { actual, externalId } = change
  const cards = await cardSection(change, writing, signal)
  const levels = levelSection(change, writing, signal)
  const sections = [...plainSections(change, writing.settings), ...cards.sections, ...levels.sections]
  const states = cards.stateChanges.map(({ part, step }) => attempt(part, step))
  const written =
    actual === null
      ? create(change, sections, writing, signal)
      : writeSections(sections, (fields) => writing.client.updateUser(externalId, fields, signal))
  const [outcomes, changed] = await allDone([written, allDone(states)])
  // Only now: a blocked card can't be assigned. One that was not assigned opens nothing and needs no block.
  const assigned = cards.toBlock.filter(({ part }) =>
    outcomes.some((done) => done.part === part && done.outcome === 'applied'),
  )
  // Only now as well: until it is taken away, an open account would have it.
  const freed = cards.toLift.filter(({ part }) =>
    outcomes.some((done) => done.part === part && done.outcome === 'applied'),
  )
  const settled = await allDone([...assigned, ...freed].map(({ part, step }) => attempt(part, step)))
  const photo = await photoPart(change, outcomes, writing.client, signal)
  const known = [...cards.outcomes, ...levels.outcomes, ...outcomes, ...changed, ...settled, ...photo]
  return { parts: combine([...unchanged(change), ...known]) }
}

/** Last, and in a request of its own: nothing else waits for a picture, or is refused with one. */
async function photoPart(
  { externalId, actual, desired: { photo } }: Put,
  outcomes: readonly PartOutcome[],
  client: Client,
  signal: AbortSignal,
): Promise<readonly PartOutcome[]> {
  const isThere = actual !== null || outcomes.some(({ part, outcome }) => part.kind === 'lock' && outcome === 'applied')
  if (photo === undefined || !isThere) return []
  const step = async () => {
    await client.updateUser(externalId, { photo: photo === null ? '' : photo.toString('base64') }, signal)
    return 'applied' as const
  }
  return [await attempt({ kind: 'photo' }, step)]
}

/**
 * A user that is refused for its name or dates is not created at all: there is nothing to shut yet. Without its department,
 * e-mail, PIN, cards or levels it is.
 */
function create(change: Put, sections: readonly Section[], { client, settings }: Writing, signal: AbortSignal) {
  const { externalId } = change
  const identity = { user_id: externalId, user_group_id: { id: settings.user_group } }
  return writeNew(
    sections,
    new Set(['lock', 'validity', 'profile']),
    (fields) => client.createUser({ ...identity, ...fields }, signal),
    (fields) => client.updateUser(externalId, fields, signal),
  )
}

function plainSections({ desired, actual }: Put, settings: Settings): Section[] {
  const sections: Section[] = []
  if (desired.lock !== actual?.lock) {
    sections.push({ name: 'lock', fields: { disabled: String(desired.lock === 'closed') }, parts: [{ kind: 'lock' }] })
  }
  const validity = vendorValidity(desired.validity, settings)
  const before = actual === null ? null : vendorValidity(actual.validity, settings)
  // Always both: the server compares them with each other.
  if (validity.start_datetime !== before?.start_datetime || validity.expiry_datetime !== before.expiry_datetime) {
    sections.push({ name: 'validity', fields: { ...validity }, parts: [{ kind: 'validity' }] })
  }
  const { name, email, ...details } = differing(profileOf(desired.facts, settings), actual?.profile ?? {})
  if (name !== undefined) sections.push({ name: 'profile', fields: { name }, parts: [{ kind: 'profile' }] })
  // Departments and titles are held to other rules than names (symbols are refused since 2.8.16), and e-mails are unique: each
  // may fail without the name being at fault.
  if (Object.keys(details).length > 0) sections.push({ name: 'details', fields: details, parts: [{ kind: 'profile' }] })
  if (email !== undefined) sections.push({ name: 'email', fields: { email }, parts: [{ kind: 'profile' }] })
  if (desired.pin !== undefined) sections.push({ name: 'pin', fields: { pin: desired.pin }, parts: [{ kind: 'pin' }] })
  return sections
}

interface StateChange {
  readonly part: PartOutcome['part']
  readonly step: () => Promise<'applied' | 'unchanged'>
}

async function cardSection(
  { externalId, desired, actual, revoke, lift = [], unblock = [] }: Put,
  { cards }: Writing,
  signal: AbortSignal,
) {
  const wanted = new Map(desired.cards.map((entry) => [cardKey(entry.card), entry]))
  const lifted = new Set(lift.map(cardKey))
  const revoked = new Map(revoke.cards.map((card) => [cardKey(card), card]))
  const present = (actual?.cards ?? []).map((entry) => ({
    ...entry,
    key: entry.card === null ? null : cardKey(entry.card),
  }))
  const isRevoked = (key: string | null) => key !== null && revoked.has(key) && !wanted.has(key)
  const kept = present.filter(({ key }) => !isRevoked(key))
  const removed = present.filter(({ key }) => isRevoked(key))

  const stateChanges: StateChange[] = []
  for (const { card, key, ref, state } of kept) {
    const entry = key === null ? undefined : wanted.get(key)
    if (entry === undefined) {
      const part = card === null ? ({ kind: 'lock' } as const) : ({ kind: 'card', card } as const)
      if (unblock.includes(ref)) stateChanges.push({ part, step: () => cards.setState(ref, state, 'on', signal) })
      continue
    }
    const part = { kind: 'card', card: entry.card } as const
    stateChanges.push({ part, step: () => cards.setState(ref, state, entry.state, signal) })
  }

  const there = new Set(present.map(({ key }) => key))
  const missing = [...wanted].filter(([key]) => !there.has(key)).map(([, entry]) => entry)
  const room = Math.max(0, cardsMax - kept.length)
  const refs = new Map<AccountCard, string>()
  const outcomes = await allDone(
    missing.map((entry, index) =>
      attempt({ kind: 'card', card: entry.card }, async () => {
        if (index >= room) {
          throw ownFailure('rejected', 'biostar2.too-many-cards', `A person can have at most ${cardsMax} cards.`)
        }
        refs.set(entry, await cards.obtain(entry.card, externalId, lifted.has(cardKey(entry.card)), signal))
        return 'unchanged'
      }),
    ),
  )
  const added = [...refs].map(([{ card, state }, ref]) => ({ part: { kind: 'card', card } as const, state, ref }))
  const list = [...kept, ...added].map(({ ref }) => ({ id: ref }))
  const gone = removed.flatMap(({ card, ref, state }) =>
    card === null ? [] : [{ part: { kind: 'card', card } as const, ref, state }],
  )
  const section: Section = {
    name: 'cards',
    fields: { cards: list },
    parts: [...added, ...gone].map(({ part }) => part),
    // A card that the server does not give us must not keep another one on the account. What would be added fails as a whole, since
    // the code does not name the card.
    async narrow(failure) {
      if (added.length === 0 || gone.length === 0) return null
      return {
        section: {
          name: 'cards',
          fields: { cards: kept.map(({ ref }) => ({ id: ref })) },
          parts: gone.map(({ part }) => part),
        },
        failed: added.map(({ part }) => ({ part, outcome: 'failed', failure })),
      }
    },
  }
  const toBlock: StateChange[] = added
    .filter(({ state }) => state === 'blocked')
    .map(({ part, ref }) => ({ part, step: () => cards.setState(ref, 'on', 'blocked', signal) }))
  const toLift: StateChange[] = gone
    .filter(({ part, state }) => state === 'blocked' && lifted.has(cardKey(part.card)))
    .map(({ part, ref, state }) => ({ part, step: () => cards.setState(ref, state, 'on', signal) }))
  return { sections: section.parts.length === 0 ? [] : [section], outcomes, stateChanges, toBlock, toLift }
}

function levelSection({ desired, actual, revoke }: Put, { levels }: Writing, signal: AbortSignal) {
  const fitted = fitLevels({
    present: actual?.levels ?? [],
    inherited: actual?.inheritedLevels ?? [],
    desired: desired.levels,
    revoked: revoke.levels,
  })
  const full = ownFailure(
    'rejected',
    'biostar2.too-many-groups',
    'A person can have at most 16 access groups: combine some.',
  )
  const outcomes = fitted.left.map((level) => ({ part: levelPart(level), outcome: 'failed' as const, failure: full }))
  const changed = [...fitted.added, ...fitted.removed]
  const section: Section = {
    name: 'levels',
    fields: levelFields(fitted.list),
    parts: changed.map(levelPart),
    // One access group that was deleted at the server must not keep the person out of all others.
    async narrow(failure) {
      const shown = await levels.shown(signal)
      // Of those that we would add: what is on the account already stays, though the server does not show it to us.
      const gone = fitted.added.filter((level) => !shown.has(level))
      if (gone.length === 0) return null
      const rest = changed.filter((level) => !gone.includes(level))
      return {
        section:
          rest.length === 0
            ? null
            : {
                name: 'levels',
                fields: levelFields(fitted.list.filter((level) => !gone.includes(level))),
                parts: rest.map(levelPart),
              },
        failed: gone.map((level) => ({ part: levelPart(level), outcome: 'failed', failure })),
      }
    },
  }
  return { sections: changed.length === 0 ? [] : [section], outcomes }
}

function levelPart(level: string) {
  return { kind: 'level', level } as const
}

function levelFields(list: readonly string[]) {
  // Numbers, as in the vendor's samples.
  return { access_groups: list.map((id) => ({ id: /^\d{1,15}$/.test(id) ? Number(id) : id })) }
}
