/** Acts about tokens. */
import type { TokenActs } from '../../api/acts/tokens.ts'
import { recordAudit } from '../../audit/record.ts'
import { createSubjectWithToken, listTokens, revokeToken } from '../../auth/tokens.ts'
import type { ActsParts } from './parts.ts'

export function tokenActs({ engine }: ActsParts): TokenActs {
  const { database, vault } = engine.context
  return {
    tokens: () => listTokens(database.db, vault),
    createToken: (actor, request) =>
      database.db.transaction().execute(async (tx) => {
        const made = await createSubjectWithToken(tx, vault, request)
        await recordAudit(tx, vault, {
          actor: actor.subject,
          action: 'token.created',
          object: made.id,
          details: { subject: made.subject, role: request.role, expiresAt: made.expiresAt },
        })
        return made
      }),
    revokeToken: (actor, id) =>
      database.db.transaction().execute(async (tx) => {
        await revokeToken(tx, vault, id)
        await recordAudit(tx, vault, { actor: actor.subject, action: 'token.revoked', object: id, details: {} })
      }),
  }
}
