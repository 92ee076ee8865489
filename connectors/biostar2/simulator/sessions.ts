/** Logins and sessions: who may log in, how long a session lives, and when one login ends another. */
import { randomBytes } from 'node:crypto'
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import { Refusal } from './envelope.ts'
import { type EventLog, eventCode, nobody } from './event-log.ts'
import type { User } from './model.ts'
import { isPassword } from './password.ts'
import type { Quirks } from './quirks.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

interface Session {
  userId: string
  lastUsedMs: number
}

interface SessionParts {
  world: World
  clock: SimulatorClock
  settings: Settings
  quirks: Quirks
  events: EventLog
}

export class Sessions {
  readonly #parts: SessionParts
  readonly #sessions = new Map<string, Session>()
  readonly #failures = new Map<string, { count: number; lastMs: number }>()

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A new session id of 32 hex digits, or HTTP 400 with the reason in the code. */
  login(loginId: string, password: string, remoteAddress: string): { sessionId: string; user: User } {
    const { world, clock, settings, quirks } = this.#parts
    this.#checkLockout(loginId)
    const user = world.users.get(world.logins.get(loginId) ?? '')
    if (!user?.password || !isPassword(user.password, password)) {
      this.#countFailure(loginId)
      throw new Refusal('101', { closes: true })
    }
    if (user.disabled) throw new Refusal('121', { closes: true })
    if (quirks.loginRefusal !== null) throw new Refusal(quirks.loginRefusal, { closes: true })
    if (user.ip !== '' && user.ip !== remoteAddress) throw new Refusal('109', { closes: true })
    this.#failures.delete(loginId)
    if (!settings.system_security.use_allow_simultaneous_connection) this.#dropOf(user.id)
    const sessionId = randomBytes(16).toString('hex')
    this.#sessions.set(sessionId, { userId: user.id, lastUsedMs: clock.now() })
    return { sessionId, user }
  }

  /** The operator behind a session, whose idle time starts again; HTTP 401 if it is dead. */
  require(sessionId: string): User {
    const { world, clock, quirks } = this.#parts
    const session = this.#sessions.get(sessionId)
    const user = session ? world.users.get(session.userId) : undefined
    if (!session || !user) throw new Refusal('10', { status: 401 })
    if (this.#isIdle(session)) {
      this.#sessions.delete(sessionId)
      throw new Refusal(quirks.expiredSessionCode, { status: 401 })
    }
    session.lastUsedMs = clock.now()
    return user
  }

  /** Whether a session lives, without making use of it. */
  isAlive(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId)
    return session !== undefined && !this.#isIdle(session) && this.#parts.world.users.has(session.userId)
  }

  logout(sessionId: string): void {
    this.#sessions.delete(sessionId)
  }

  /** What a restart of the server does. */
  dropAll(): void {
    this.#sessions.clear()
  }

  #isIdle({ lastUsedMs }: Session): boolean {
    return this.#parts.clock.now() - lastUsedMs > this.#parts.settings.session_timeout * 1000
  }

  #dropOf(userId: string): void {
    for (const [id, session] of this.#sessions) if (session.userId === userId) this.#sessions.delete(id)
  }

  #checkLockout(loginId: string): void {
    const { lockout } = this.#parts.quirks
    const failures = this.#failures.get(loginId)
    if (lockout === null || !failures || failures.count < lockout.tries) return
    if (this.#parts.clock.now() - failures.lastMs < lockout.minutes * 60_000) throw new Refusal('113', { closes: true })
    this.#failures.delete(loginId)
  }

  #countFailure(loginId: string): void {
    const { lockout } = this.#parts.quirks
    if (lockout === null) return
    const atMs = this.#parts.clock.now()
    const count = (this.#failures.get(loginId)?.count ?? 0) + 1
    this.#failures.set(loginId, { count, lastMs: atMs })
    if (count !== lockout.tries) return
    this.#parts.events.storeOfServer({ code: eventCode.loginLocked, atMs, ...nobody })
  }
}
