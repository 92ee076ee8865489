/** Blocking single cards. Neither call may be repeated: the second one is an error. */
import { refusedByReaders } from './device-response.ts'
import { Refusal } from './envelope.ts'
import { idIn, record, splitIds, whole } from './input.ts'
import type { Card } from './model.ts'
import type { Answer, Call } from './route.ts'
import type { World } from './world.ts'

/** `POST /api/cards/blacklist`: 262201 when it is blocked already, 262202 when there is no such row. */
export function blockCard({ simulation, body, touch }: Call): Answer {
  const { world } = simulation
  const card = cardToBlock(world, idIn(record(record(body).Blacklist).card_id))
  if (card.owner !== null) touch([card.owner])
  if (card.blocked) throw new Refusal('262201')
  world.setBlocked(card, true)
  return { body: refusedByReaders(simulation) }
}

/** `DELETE /api/cards/blacklist?id=`: an error when it is not blocked, see the quirk `unblockTwice`. */
export function unblockCards({ simulation, query, touch }: Call): Answer {
  const { world } = simulation
  const cards = splitIds(query.get('id')).map((row) => cardToBlock(world, whole(row)))
  if (cards.length === 0) throw new Refusal('30')
  touch(cards.flatMap((card) => card.owner ?? []))
  const { status, code } = simulation.quirks.unblockTwice
  if (cards.some((card) => !card.blocked)) throw new Refusal(code, { status })
  for (const card of cards) world.setBlocked(card, false)
  return { body: refusedByReaders(simulation) }
}

function cardToBlock(world: World, row: number): Card {
  const card = world.cards.get(row)
  if (!card) throw new Refusal('262202')
  return card
}
