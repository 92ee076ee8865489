/**
 * What a run does beside what is desired: it undoes what somebody changed by hand, where that was decided, and leaves be what was accepted.
 * What to undo is noted and signed with the account; what of it the target does not show any more is nothing to do.
 */
import type { ActualAccount } from '../../connector/contract.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { AccessLevelId, CredentialId } from '../../model/id.ts'
import type { SyncContext } from '../context.ts'
import { toUndo } from '../drift/reverts.ts'
import type { Left } from '../owned-row.ts'
import { partOf } from '../parts.ts'
import { shownKey, strangeName } from '../strange-card.ts'
import type { WorkItem } from './work-item.ts'

export interface PutBack {
  /** By the target's own ids. */
  readonly levels: readonly string[]
  readonly cards: readonly Card[]
  /** The account that somebody blocked is opened. */
  readonly opens: boolean
  /** Cards that somebody blocked are unblocked. */
  readonly unblocks: ReadonlySet<CredentialId>
  /** Desired, taken away by hand, and left so. */
  readonly leaves: { readonly levels: ReadonlySet<AccessLevelId>; readonly cards: ReadonlySet<CredentialId> }
}

export function putBackOf(context: SyncContext, item: WorkItem, before: ActualAccount | null): PutBack {
  const undo = item.desired.lock === 'closed' ? [] : toUndo(item.owned)
  const parts = (of: string) => undo.flatMap(({ class: is, part }) => (is === of ? [part] : []))
  const strange = new Set(parts('card-added'))
  return {
    levels: idsOf(parts('level-added'), 'level').flatMap((id) =>
      item.desired.levels.includes(id as AccessLevelId) ? [] : (context.levels.externalId(id as AccessLevelId) ?? []),
    ),
    cards: strangeCards(context, item, before).flatMap(({ card, name }) =>
      card !== null && strange.has(`card:${name}`) ? [card] : [],
    ),
    opens: undo.some(({ class: is }) => is === 'blocked'),
    unblocks: new Set(idsOf(parts('card-blocked'), 'card') as CredentialId[]),
    leaves: {
      levels: new Set(leftOf(item, 'level-removed', 'level') as AccessLevelId[]),
      cards: new Set(
        (leftOf(item, 'card-removed', 'card') as CredentialId[]).filter((id) => item.desired.cards[id] === 'on'),
      ),
    },
  }
}

/** Cards that nobody may use, and that somebody put on the account by hand: shown there, and named as their drift names them. */
export function cardsToShut(
  context: SyncContext,
  item: WorkItem,
  actual: ActualAccount | null,
): readonly { readonly card: Card; readonly credential: CredentialId; readonly isOn: boolean }[] {
  const noted = toUndo(item.owned).flatMap(({ shut, part }) => (shut === undefined ? [] : [[part, shut] as const]))
  if (noted.length === 0) return []
  const credentials = new Map<string, CredentialId>(noted)
  return strangeCards(context, item, actual).flatMap(({ card, name, state }) => {
    const credential = credentials.get(`card:${name}`)
    return card === null || credential === undefined ? [] : [{ card, credential, isOn: state === 'on' }]
  })
}

/** Of the cards that are to be shut as such, those that open nothing there. */
export function strangeShut(
  context: SyncContext,
  item: WorkItem,
  actual: ActualAccount | null,
): readonly CredentialId[] {
  const open = cardsToShut(context, item, actual).flatMap(({ credential, isOn }) => (isOn ? [credential] : []))
  return toUndo(item.owned).flatMap(({ shut }) => (shut === undefined || open.includes(shut) ? [] : [shut]))
}

/** What the person is to have by now is strange no more. */
function strangeCards({ vault }: SyncContext, { row, desired, cards }: WorkItem, actual: ActualAccount | null) {
  const own = new Set([...cards].flatMap(([id, card]) => (desired.cards[id] === undefined ? [] : [cardKey(card)])))
  return (actual?.cards ?? []).flatMap((shown) =>
    own.has(shownKey(shown)) ? [] : [{ ...shown, name: strangeName(vault, row.id, shownKey(shown)) }],
  )
}

function leftOf({ owned: { leaves = [] } }: WorkItem, of: Left['class'], is: 'level' | 'card'): readonly string[] {
  return idsOf(
    leaves.flatMap(({ class: each, part }) => (each === of ? [part] : [])),
    is,
  )
}

function idsOf(parts: readonly string[], is: 'level' | 'card'): readonly string[] {
  return parts.flatMap((part) => {
    const named = partOf(part)
    return named.is === is ? [named.id] : []
  })
}
