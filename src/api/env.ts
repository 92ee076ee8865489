/** What travels with a request through the middleware. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Actor } from '../auth/actor.ts'

export interface ApiEnv {
  Variables: {
    /** Random, our own: a caller's id could be anything, and it is logged. */
    requestId: string
    /** Set for every request that carried a live token. */
    actor: Actor
  }
}

export type Api = OpenAPIHono<ApiEnv>
