/** What a door system is asked in a sweep: of all accounts at once by lists, and singly; each beside a bare loop that sends the same requests. */
import { startChild } from './child-process.ts'
import { atMost, type Claim } from './claim.ts'
import type { DoorSystem, SimulatorFacts } from './door-systems.ts'
import { replay } from './replay.ts'
import type { BenchRequest } from './request.ts'
import { levels } from './site-config.ts'
import type { ConnectRequest, Look } from './sweep-child.ts'

/** What a server of this kind usually takes; single reads, eight at a time, would take an hour of it. */
const listing = { fixedMs: 40 }
const reading = { fixedMs: 5 }
const atOnce = 8
const timesMax = 1.3
/** What an operator may well allow for sweeps of a busy server. */
const perSecond = 20

export const benchSweepOf =
  (kind: DoorSystem) =>
  async ({ size, say }: BenchRequest): Promise<Claim[]> => {
    await using simulator = startChild('simulator-child')
    const facts = await simulator.ask<SimulatorFacts>('start', { kind, levels, latency: listing })
    const ids = await simulator.ask<string[]>('plant', size)
    const asked = await simulator.ask<string[]>('levels')
    await using connector = startChild('sweep-child')
    await connector.ask('connect', { facts, atOnce } satisfies ConnectRequest)
    const claim = async (name: string, { ms, requests }: Look, lanes: number): Promise<Claim> => {
      const bare = await replay(facts, requests, lanes)
      if (bare.refused > 0) throw new Error(`${bare.refused} requests of the bare loop were refused`)
      return atMost({ name, value: ms, unit: 'ms', floor: bare.ms }, bare.ms * timesMax)
    }

    const people = size.toLocaleString('en-US')
    const light = await connector.ask<Look>('list', asked)
    say(told('light', light))
    const claims = [await claim(`light sweep of ${people} accounts, ${kind}`, light, 1)]
    await simulator.ask('latency', reading)
    const deep = await connector.ask<Look>('read', ids)
    say(told('deep', deep))
    return [...claims, await claim(`deep sweep of ${people} accounts, ${kind}`, deep, atOnce)]
  }

function told(name: string, { ms, accounts, cards, levels: shown, locks, requests }: Look): string {
  return (
    `${name}: ${accounts} accounts in ${Math.round(ms)} ms with ${requests.length} requests, ` +
    `${(requests.length / perSecond / 3600).toFixed(2)} hours at ${perSecond} requests/s. ` +
    `Shown: the cards of ${cards}, the levels of ${shown}, the blocks of ${locks}`
  )
}
