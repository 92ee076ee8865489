/** Acts about accounts that were there before Gatehouse. */
import type { MatchActs } from '../../api/acts/matches.ts'
import type { PersonId } from '../../model/id.ts'
import { adoptMatches, linkByHand } from '../../sync/match/adopt.ts'
import { leaveByHand } from '../../sync/match/leave.ts'
import { askForMatch } from '../../sync/match/match-target.ts'
import { matchedAccounts, matchView } from '../match-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function matchActs({ engine }: ActsParts): MatchActs {
  const { context, brakes } = engine
  return {
    startMatch: (actor, target, reason) => askForMatch(context, target, actor.subject, reason),
    match: (target) => matchView(context, target),
    matchRows: (target, filter, page) => matchedAccounts(context, target, filter, page),
    adoptMatches: (actor, target, reason) =>
      withLevels(engine, () => adoptMatches(context, target, actor.subject, reason, brakes)),
    linkAccount: (actor, target, account, person, reason) =>
      withLevels(engine, () => linkByHand(context, target, account, person as PersonId, actor.subject, reason, brakes)),
    leaveMatch: (actor, target, of, reason) =>
      withLevels(engine, () =>
        leaveByHand(
          context,
          target,
          'person' in of ? { person: of.person as PersonId } : of,
          actor.subject,
          reason,
          brakes,
        ),
      ),
  }
}
