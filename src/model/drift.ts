/** Every kind of change behind our back: what the configuration calls it, what may be done about it, and why not more. */

export const driftClasses = [
  'account-missing',
  'unknown-account',
  'unusable-card',
  'account-unreadable',
  'opened',
  'blocked',
  'level-added',
  'level-removed',
  'card-added',
  'card-removed',
  'card-blocked',
  'card-unblocked',
  'profile-changed',
  'validity-changed',
] as const
export type DriftClass = (typeof driftClasses)[number]

/** `report` says so; `revert` makes it as desired again; `accept` takes it for known. */
export type DriftChoice = 'report' | 'revert' | 'accept'

interface DriftKind {
  readonly classes: readonly DriftClass[]
  /** The first is the default. */
  readonly may: readonly [DriftChoice, ...DriftChoice[]]
  readonly what: string
  /** Why nothing else may be chosen. */
  readonly because?: string
}

/** By the name that the configuration uses. */
export const driftKinds = {
  level_added: {
    classes: ['level-added'],
    may: ['report', 'revert', 'accept'],
    what: 'An access level that somebody gave by hand. Reverted only if a rule hands it out, or authoritative lists it.',
  },
  level_removed: {
    classes: ['level-removed'],
    may: ['report', 'revert', 'accept'],
    what: 'An access level that somebody took away by hand.',
  },
  blocked: {
    classes: ['blocked', 'card-blocked'],
    may: ['report', 'revert', 'accept'],
    what: 'An account or a card that somebody blocked by hand. Until it is reverted it stays blocked.',
  },
  unblocked: {
    classes: ['opened', 'card-unblocked'],
    may: ['revert'],
    what: 'Who or what is to be shut, and was found open: always shut again at once, with an alarm.',
    because: 'who is shut out and found open is shut again, whatever anybody configures',
  },
  card_added: {
    classes: ['card-added'],
    may: ['report', 'revert', 'accept'],
    what: 'A card that somebody put on an account by hand. One that is lost, blocked, or of somebody who is out, is always taken off.',
  },
  card_removed: {
    classes: ['card-removed'],
    may: ['report', 'revert', 'accept'],
    what: 'A card that somebody took off an account by hand.',
  },
  profile_changed: {
    classes: ['profile-changed'],
    may: ['report', 'revert'],
    what: 'A name or another field that somebody changed by hand.',
    because: 'a field has one master: the next write of the account puts back what the sources say',
  },
  validity_changed: {
    classes: ['validity-changed'],
    may: ['report', 'revert'],
    what: 'A start or an end that somebody changed by hand.',
    because: 'by its end a door closes without us: the next write of the account puts it back',
  },
  account_missing: {
    classes: ['account-missing'],
    may: ['report', 'revert'],
    what: 'An account that somebody deleted by hand.',
    because: 'whoever is to have no account there is left out by a rule: the next write makes it again',
  },
  unknown_account: {
    classes: ['unknown-account'],
    may: ['report', 'accept'],
    what: 'An account of nobody that is new since the last match.',
    because: 'what Gatehouse did not make it does not touch: link it, or delete it at the door system',
  },
} as const satisfies Readonly<Record<string, DriftKind>>

export type DriftKindName = keyof typeof driftKinds
/** What is done about each kind at one target. */
export type DriftPolicy = Readonly<Record<DriftKindName, DriftChoice>>

const kindOfClass = new Map<string, DriftKindName>(
  Object.entries(driftKinds).flatMap(([name, { classes }]) =>
    classes.map((each) => [each, name as DriftKindName] as const),
  ),
)

/** Null: nothing can be done about it from here but to say so: an account that can't be read, a card on an account that is not ours. */
export function driftKindOf(of: string): DriftKindName | null {
  return kindOfClass.get(of) ?? null
}

export function driftChoice(policy: DriftPolicy, of: string): DriftChoice {
  const kind = driftKindOf(of)
  return kind === null ? 'report' : policy[kind]
}

/** Whether anybody, by configuration or by name, may choose this for such a drift. */
export function mayChoose(of: string, choice: DriftChoice): boolean {
  const kind = driftKindOf(of)
  if (kind === null) return choice === 'report'
  const may: readonly DriftChoice[] = driftKinds[kind].may
  return may.includes(choice)
}
