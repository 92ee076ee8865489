/** The person on duty: releases what is held, locks somebody out by hand, and looks whether all is quiet. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import { ApiRefusal } from '../support/gateway-process.ts'
import type { Site } from '../support/site.ts'
import type { ExpectedPerson } from './expected.ts'
import type { Fleet } from './fleet.ts'
import type { Hr } from './hr.ts'

const reason = 'checked with HR'

export class Operator {
  readonly #site: Site
  readonly #fleet: Fleet
  readonly #hr: Hr
  #token = ''
  lockedByHand: ExpectedPerson | undefined
  released = 0

  constructor(site: Site, fleet: Fleet, hr: Hr) {
    this.#site = site
    this.#fleet = fleet
    this.#hr = hr
  }

  /** A token of their own, made by the admin. */
  async begin(): Promise<void> {
    const { token } = await this.#fleet.ask<{ token: string }>(this.#site.token, '/v1/tokens', {
      name: 'Test Operator Two',
      role: 'operator',
      days: 1,
    })
    this.#token = token
  }

  ask<T>(path: string, body?: unknown): Promise<T> {
    return this.#fleet.ask<T>(this.#token, path, body)
  }

  status(): Promise<StatusView> {
    return this.ask<StatusView>('/v1/status')
  }

  /** Releases every plan that waits; one that was decided meanwhile, or by an answer that was lost, is nobody's mistake. */
  async releaseHeld(): Promise<void> {
    const { rows } = await this.ask<{ rows: PlanView[] }>('/v1/plans?state=held')
    for (const { id } of rows) {
      try {
        await this.ask(`/v1/plans/${id}/release`, { reason })
        this.released += 1
      } catch (error) {
        if (!(error instanceof ApiRefusal && error.status === 409)) throw error
      }
    }
  }

  /** Sits by and releases until told to go. */
  async watch(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.releaseHeld()
      await sleep(300)
    }
  }

  async lockSomebody(): Promise<void> {
    const chosen = this.#hr.people().find(({ isIn }) => isIn)
    if (chosen === undefined) throw new Error('nobody is in')
    this.lockedByHand = chosen
    const { id } = await this.findSoon(chosen.userId)
    await this.ask(`/v1/people/${id}/lock`, { reason: 'card found on the street' })
  }

  /** Whoever is in the newest file may not have been read yet. */
  async findSoon(userId: string): Promise<{ id: string }> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.ask<{ id: string }>('/v1/people/find', { by: userId })
      } catch (error) {
        if (!(error instanceof ApiRefusal && error.status === 404) || tries > 600) throw error
        await sleep(100)
      }
    }
  }

  pause(): Promise<void> {
    return this.ask('/v1/targets/hq/pause', { reason: 'the vendor works on the server' })
  }

  resume(): Promise<void> {
    return this.ask('/v1/targets/hq/resume', { reason: 'the vendor is done' })
  }

  /** Until nothing waits any more, not even for a write that may land late. */
  async quiet(limitMs: number): Promise<void> {
    const begun = performance.now()
    // A mailbox that two people share is tried for as long as they share it, and nothing else.
    const pairs = this.#hr.workforce.traps.sharedEmail.length / 2
    for (;;) {
      await this.releaseHeld()
      const { targets, lockouts, plans } = await this.status()
      const files = await readdir(join(this.#site.directory, 'hr'))
      const idle = targets.every(({ waiting, failing, dead }) => waiting === 0 && dead === 0 && failing <= pairs)
      if (idle && files.length + lockouts.open + plans.held === 0) return
      if (performance.now() - begun > limitMs)
        throw new Error(`not quiet after ${limitMs} ms: ${files.length} files; ${JSON.stringify(await this.status())}`)
      await sleep(200)
    }
  }
}
