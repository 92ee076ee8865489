/** Who may hold which card: a card belongs to one person, and a person has at most eight. */
import { accessOnCard } from './card-rows.ts'
import { Refusal } from './envelope.ts'
import type { Card, User } from './model.ts'
import type { Quirks } from './quirks.ts'
import type { World } from './world.ts'

const cardsMax = 8

/**
 * Card row ids `user` is to have. Since 2.9.4 a card of somebody else fails the whole create or update (release notes);
 * what it did before is not told, and moving it is the worst that it can have done.
 * Codes: 400 no such row, 407 an access-on-card is taken back, which can only be blocked (console texts), 408 belongs to
 * another, 413 blocked and not yet theirs.
 */
export function cardChange(world: World, user: User, rows: readonly number[], quirks: Quirks): number[] {
  const unique = [...new Set(rows)]
  if (unique.length > cardsMax) throw new Refusal('30')
  const cards = unique.map((row) => world.card(row))
  const taken = cards.filter(({ owner }) => owner !== null && owner !== user.id)
  if (taken.length > 0 && quirks.takenCards === 'refused') throw new Refusal('408')
  if (cards.some(({ blocked, owner }) => blocked && owner !== user.id)) throw new Refusal('413')
  const takenBack = user.cards.filter((row) => !unique.includes(row)).map((row) => world.card(row))
  if ([...takenBack, ...taken].some(({ typeId }) => typeId === accessOnCard)) throw new Refusal('407')
  for (const card of taken) takeAway(world, card)
  return unique
}

function takeAway(world: World, card: Card): void {
  const owner = world.user(card.owner ?? '')
  world.patchUser(owner, { cards: owner.cards.filter((row) => row !== card.row) })
}
