/** Who a bearer token belongs to: every refusal looks the same, and trying out tokens is slow. */
import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type SubjectRow, type TokenRow, tokenGuard } from '../store/guards.ts'
import type { Tables } from '../store/schema.ts'
import type { Vault } from '../vault/vault.ts'
import type { Actor } from './actor.ts'
import { AuthError } from './auth-error.ts'
import { type Bucket, createBucket } from './bucket.ts'
import { isGenuineSubject } from './subjects.ts'
import { isTokenText } from './token-text.ts'

export interface AuthenticatorOptions {
  /** What tokens that no row has may cost the database: 20 at once, then one per second. */
  readonly attempts?: Bucket
  readonly now?: () => Date
  /** Called when a row was changed from outside: to be alarmed. `id` is the row's random id. */
  readonly onForged?: (table: 'subject' | 'api_token', id: string) => void
}

// Tokens that worked before pass even while somebody else tries out others.

/**
 * The returned function gives null for anything but a live token of an enabled subject.
 * @throws AuthError `auth.too-many-attempts` (from the returned function): ask again in a few seconds.
 */
export function createAuthenticator(
  db: Kysely<Tables>,
  vault: Vault,
  { attempts = createBucket(20, 1), now = () => new Date(), onForged }: AuthenticatorOptions = {},
): (bearer: string) => Promise<Actor | null> {
  // A row that never matches, so that an unknown token takes as long as a known one.
  const nobody = vault.tokenMac('')

  return async function authenticate(bearer) {
    if (!isTokenText(bearer)) return null
    const mac = vault.tokenMac(bearer)
    const { token, subject } = await find(db, mac, nobody)
    const checks = [
      timingSafeEqual(token.mac, mac),
      vault.verifyGuard('api_token', tokenGuard(token), token.guard),
      isGenuineSubject(vault, subject),
      token.expires_at.getTime() > now().getTime(),
      token.revoked_at === null,
      subject.disabled_at === null,
    ]
    const [found, tokenGenuine, subjectGenuine] = checks
    if (found && !tokenGenuine) onForged?.('api_token', token.id)
    if (found && !subjectGenuine) onForged?.('subject', subject.id)
    if (checks.includes(false)) {
      // Charged only now: whoever floods us with made-up tokens keeps nobody out who has a real one.
      if (!attempts.take()) throw new AuthError('auth.too-many-attempts')
      return null
    }
    return { subject: subject.id, role: subject.role }
  }
}

async function find(
  db: Kysely<Tables>,
  mac: Buffer,
  nobody: Buffer,
): Promise<{ readonly token: TokenRow; readonly subject: SubjectRow }> {
  const row = await db
    .selectFrom('api_token')
    .innerJoin('subject', 'subject.id', 'api_token.subject_id')
    .selectAll('api_token')
    .select(['subject.name', 'subject.name_digest', 'subject.role', 'subject.disabled_at'])
    .select(['subject.created_at as subject_created_at', 'subject.guard as subject_guard'])
    .where('api_token.mac', '=', mac)
    .executeTakeFirst()
  const { name, name_digest, role, disabled_at, subject_created_at, subject_guard, ...token } = row ?? {
    ...emptyRow,
    mac: nobody,
  }
  return {
    token,
    subject: {
      id: token.subject_id,
      name,
      name_digest,
      role,
      created_at: subject_created_at,
      disabled_at,
      guard: subject_guard,
    },
  }
}

const none = Buffer.alloc(32)
const emptyRow = {
  id: '00000000-0000-0000-0000-000000000000',
  subject_id: '00000000-0000-0000-0000-000000000000' as SubjectRow['id'],
  created_at: new Date(0),
  expires_at: new Date(0),
  revoked_at: null,
  guard: none,
  name: none,
  name_digest: none,
  role: 'viewer' as const,
  disabled_at: null,
  subject_created_at: new Date(0),
  subject_guard: none,
}
