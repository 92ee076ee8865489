/** The shape of one operation: what a handler is given and what it answers. */
import type { Fields } from './dialects.ts'
import type { User } from './model.ts'
import type { Module, Use } from './modules.ts'
import type { Simulation } from './simulation.ts'

export interface Call {
  simulation: Simulation
  /** The value of the one variable path segment, '' if the path has none. */
  id: string
  query: URLSearchParams
  body: unknown
  /** Who is logged in; the administrator for calls that need no session. */
  caller: User
  sessionId: string
  remoteAddress: string
  /** Notes that this request was about these people, for the record of requests. */
  touch(userIds: readonly string[]): void
  /** Notes that the answer holds biometric data under these field names. */
  reveals(fields: readonly string[]): void
}

export interface Answer {
  status?: number
  /** `Response.code`, '0' if absent. */
  code?: string
  headers?: Record<string, string>
  body?: Fields
  /** No `Response` object at all: a static file. */
  plain?: boolean
  /** `Response` with nothing but its code. */
  brief?: boolean
}

/** What a caller must have: nothing, any session, or an operator level that may use a module so. */
export type Needs = 'nothing' | 'session' | { module: Module; use: Use }

export interface Route {
  needs: Needs
  handle(call: Call): Answer
}
