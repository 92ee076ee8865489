/** Acts about cards. */
import type { CardActs, CardRequest } from '../../api/acts/cards.ts'
import type { Actor } from '../../auth/actor.ts'
import type { PersonId } from '../../model/id.ts'
import {
  type CardDone,
  type CardRef,
  issueCard,
  loseCard,
  resumeCard,
  returnCard,
  suspendCard,
} from '../../sync/cards.ts'
import { cardOf, cardUses, cardViews } from '../card-views.ts'
import { pausedAmong } from '../lockout-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function cardActs({ engine }: ActsParts): CardActs {
  const { context } = engine
  const done = async (made: CardDone) => ({ ...made, paused: await pausedAmong(context, made.lockouts) })
  const saying =
    (say: typeof loseCard) =>
    (actor: Actor, { card, person, reason }: CardRequest) => {
      const ref: CardRef = { card: cardOf(card), person: (person ?? null) as PersonId | null }
      return withLevels(engine, async () => done(await say(context, ref, actor.subject, reason)))
    }
  return {
    card: (card) => cardViews(context, card),
    cardUses: (cards) => cardUses(context, cards),
    loseCard: saying(loseCard),
    returnCard: saying(returnCard),
    suspendCard: saying(suspendCard),
    resumeCard: saying(resumeCard),
    issueCard: (actor, person, card, reason) =>
      withLevels(engine, async () =>
        done(await issueCard(context, person as PersonId, cardOf(card), actor.subject, reason)),
      ),
  }
}
