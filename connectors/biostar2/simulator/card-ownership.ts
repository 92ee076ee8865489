/** Who may hold which card: a card belongs to one person, and a person has at most eight. */
import { Refusal } from './envelope.ts'
import type { User } from './model.ts'
import type { World } from './world.ts'

const cardsMax = 8

/**
 * Card row ids `user` is to have. Since 2.9.4 a card of somebody else fails the whole create or update (release notes).
 * Codes: 400 no such row, 408 belongs to another, 413 blocked and not yet theirs.
 */
export function cardChange(world: World, user: User, rows: readonly number[]): number[] {
  const unique = [...new Set(rows)]
  if (unique.length > cardsMax) throw new Refusal('30')
  for (const row of unique) {
    const card = world.card(row)
    if (card.owner !== null && card.owner !== user.id) throw new Refusal('408')
    if (card.blocked && card.owner !== user.id) throw new Refusal('413')
  }
  return unique
}
