/** The person on duty: releases what is held, locks somebody out by hand, and looks whether all is quiet. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfigView } from '../../src/api/acts/configuration.ts'
import type { ErasureView } from '../../src/api/acts/erasures.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import { ApiRefusal } from '../support/gateway-process.ts'
import { until } from '../support/servers.ts'
import type { Site } from '../support/site.ts'
import type { ExpectedPerson } from './expected.ts'
import type { Fleet } from './fleet.ts'
import type { Hr } from './hr.ts'

const reason = 'checked with HR'
/** The target may be slow, and processes killed meanwhile. */
const eraseLimitMs = 120_000
/** One that breaks off is begun anew half a minute later. */
const sweepLimitMs = 120_000
/** It is not released before what follows from it is counted, and while other things are decided. */
const configureLimitMs = 60_000

export class Operator {
  readonly #site: Site
  readonly #fleet: Fleet
  readonly #hr: Hr
  #token = ''
  lockedByHand: ExpectedPerson | undefined
  /** Ids of whoever was erased. */
  readonly erased: string[] = []

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

  /** As the admin. */
  askAsAdmin<T>(path: string, body?: unknown): Promise<T> {
    return this.#fleet.ask<T>(this.#site.token, path, body)
  }

  /** An act whose answer may be lost with the process that was asked: to find it done already is as good. */
  async #act(path: string, body: object): Promise<void> {
    await this.ask(path, { reason, ...body }).catch(unlessDone)
  }

  status(): Promise<StatusView> {
    return this.ask<StatusView>('/v1/status')
  }

  /** Releases every plan that waits; one that was decided meanwhile, or by an answer that was lost, is nobody's mistake. */
  async releaseHeld(): Promise<void> {
    const { rows } = await this.ask<{ rows: PlanView[] }>('/v1/plans?state=held')
    for (const { id } of rows) {
      await this.#act(`/v1/plans/${id}/release`, {})
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
    return this.#act('/v1/targets/hq/pause', {})
  }

  resume(): Promise<void> {
    return this.#act('/v1/targets/hq/resume', {})
  }

  freeze(): Promise<void> {
    return this.#act('/v1/freeze', {})
  }

  unfreeze(): Promise<void> {
    return this.#act('/v1/unfreeze', {})
  }

  /** Says that HR is right, if it is suspect. */
  clearSource(): Promise<void> {
    return this.#act('/v1/sources/hr/clear', {})
  }

  /** Lets a target that was put back go on. */
  settle(): Promise<void> {
    return this.#act('/v1/targets/hq/settle', {})
  }

  /** Erases whoever has this number, and waits until the target has them no more, and nothing is left here. */
  async erase(userId: string): Promise<void> {
    const { id } = await this.findSoon(userId)
    await this.askAsAdmin(`/v1/people/${id}/erase`, { reason }).catch(unlessDone)
    await until(
      'somebody is erased',
      async () => {
        const { rows } = await this.askAsAdmin<{ rows: ErasureView[] }>('/v1/erasures?limit=200')
        return rows.some(({ person, state }) => person === id && state === 'deleted')
      },
      eraseLimitMs,
    )
    this.erased.push(id)
  }

  rotateKeys(): Promise<void> {
    return this.askAsAdmin('/v1/keys/rotate', { reason })
  }

  /** Proposes what the file says, and releases it; `meanwhile` happens between the two. */
  async releaseConfiguration(meanwhile: () => Promise<void>): Promise<void> {
    await this.askAsAdmin('/v1/configuration/propose', {})
    await meanwhile()
    let digest: string | undefined
    await until(
      'the new configuration is in force',
      async () => {
        const { released, proposed } = await this.askAsAdmin<ConfigView>('/v1/configuration')
        digest ??= proposed?.digest
        if (released.digest === digest) return true
        if (proposed !== null)
          await this.askAsAdmin('/v1/configuration/release', { digest: proposed.digest, reason }).catch(unlessDone)
        return false
      },
      configureLimitMs,
    )
  }

  /** Has the target looked through as a whole once more, as after any time that it was away. */
  async lookThrough(): Promise<void> {
    const sweptAt = async () => (await this.status()).targets[0]?.sweptAt ?? ''
    await this.pause()
    // So that the process that leads the target has seen it.
    await sleep(3_000)
    const before = await sweptAt()
    await this.resume()
    await until('the target is looked through', async () => (await sweptAt()) > before, sweepLimitMs)
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

/** 404, 409: it was decided or done meanwhile, perhaps by ourselves, and the answer was lost. */
function unlessDone(error: unknown): void {
  if (!(error instanceof ApiRefusal && [404, 409].includes(error.status))) throw error
}
