/** Checks that parts of a configuration fit each other, also where other parts are still wrong. */
import { reveals, revealsOfPeople } from '../src/model/events/reveal.ts'
import type { Path } from './problem.ts'
import { nearest } from './problem.ts'

/** What the configuration needs to know of a connector. */
export interface ConnectorFacts {
  readonly id: string
  readonly capabilities: readonly string[]
  /** What it delivers; left out: events alone. */
  readonly feeds?: readonly string[]
}

/** The sections of which each entry is a connection. */
const kinds = ['sources', 'targets', 'subscriptions'] as const
export type ConnectionKind = (typeof kinds)[number]

export interface Connection {
  readonly kind: ConnectionKind
  readonly id: string
  /** As written: anything. */
  readonly connector: unknown
  readonly settings: unknown
  /** Whether its events are to be read. */
  readonly events: boolean
}

export interface Mismatch {
  readonly path: Path
  readonly expected: string
}

const needed = { sources: 'people', targets: 'accounts', subscriptions: 'sink' } as const

/** Every source, target and subscription of an unchecked file that is at least a map. */
export function connectionsOf(raw: unknown): Connection[] {
  return kinds.flatMap((kind) =>
    Object.entries(asMap(asMap(raw)[kind])).map(([id, each]) => {
      const { connector, settings = {}, events } = asMap(each)
      return {
        kind,
        id,
        connector,
        settings,
        events: kind !== 'subscriptions' && events !== undefined && events !== null,
      }
    }),
  )
}

/** A connector that doesn't exist, or that can't do what it is asked for. */
export function connectorMismatches(
  connections: readonly Connection[],
  connectors: readonly ConnectorFacts[],
): Mismatch[] {
  return connections.flatMap(({ kind, id, connector, events }) => {
    // Anything else is reported by the schema.
    if (typeof connector !== 'string' || connector === '') return []
    const path = [kind, id, 'connector']
    const known = connectors.find((each) => each.id === connector)
    if (known === undefined)
      return [
        {
          path,
          expected: expectedAmong(
            'a known connector',
            connector,
            connectors.map((each) => each.id),
          ),
        },
      ]
    if (events && !known.capabilities.includes('events'))
      return [{ path: [kind, id, 'events'], expected: 'expected none: this connector reads no events' }]
    if (known.capabilities.includes(needed[kind])) return []
    return [{ path, expected: `expected a connector for ${kind} (capability ${needed[kind]})` }]
  })
}

/** Punches for a receiver that is not for them, and what no punch has to tell. */
export function feedMismatches(raw: unknown, connectors: readonly ConnectorFacts[]): Mismatch[] {
  const sinks = connectors.filter(({ capabilities }) => capabilities.includes('sink'))
  const takers = sinks.filter(({ feeds }) => feeds?.includes('punches')).map(({ id }) => id)
  const ofDoors = reveals.filter((name) => !revealsOfPeople.some((each) => each === name))
  return Object.entries(asMap(asMap(raw).subscriptions)).flatMap(([id, subscription]) => {
    const { feed, connector, reveal } = asMap(subscription)
    if (feed !== 'punches') return []
    const refuses = sinks.some(({ id: each }) => each === connector && !takers.includes(each))
    const expected = `expected events: whoever watches doors reads what is sent by this connector, and is not to read who worked when; punches go by ${takers.join(', ')}`
    const ofPeople = `expected no more than ${revealsOfPeople.join(', ')}: a punch knows of no door, account or card`
    return [
      ...(refuses ? [{ path: ['subscriptions', id, 'feed'], expected }] : []),
      ...asList(reveal).flatMap((name, index) =>
        ofDoors.some((each) => each === name)
          ? [{ path: ['subscriptions', id, 'reveal', index], expected: ofPeople }]
          : [],
      ),
    ]
  })
}

/** Events are kept by the name of where they were read. */
export function eventsUnderOneName(connections: readonly Pick<Connection, 'kind' | 'id' | 'events'>[]): Mismatch[] {
  const read = connections.filter(({ events }) => events)
  return read
    .filter(({ kind, id }) => kind === 'sources' && read.some((other) => other.kind === 'targets' && other.id === id))
    .map(({ id }) => ({
      path: ['sources', id, 'events'],
      expected: `expected another name for the source: targets.${id} has events as well, and both would be one log`,
    }))
}

/** One system may be master, or be written to: both would answer each other, and nobody could say whose word counts. */
export function twoMasters(
  connections: readonly (Pick<Connection, 'kind' | 'id' | 'connector'> & { readonly origin: string | null })[],
): Mismatch[] {
  const sources = connections.filter(({ kind }) => kind === 'sources')
  return connections.flatMap(({ kind, id, connector, origin }) => {
    const same = sources.find((source) => source.connector === connector && source.origin === origin)
    if (kind !== 'targets' || origin === null || same === undefined) return []
    const expected = `expected another system than that of sources.${same.id}: people are read from it, so nothing is written to it`
    return [{ path: ['targets', id, 'settings'], expected }]
  })
}

/** Settings that are of no account to the one use of a connector, and that the other can't do without. */
export function missingSettings(
  { kind, id }: Pick<Connection, 'kind' | 'id'>,
  needs: Readonly<Partial<Record<string, readonly string[]>>> | undefined,
  parsed: unknown,
): Mismatch[] {
  return (needs?.[needed[kind]] ?? []).flatMap((key) =>
    asMap(parsed)[key] === undefined
      ? [{ path: [kind, id, 'settings', key], expected: `expected a value: ${kind} of this kind need it` }]
      : [],
  )
}

/** Rules that grant at a target that isn't there. */
export function policyMismatches(raw: unknown): Mismatch[] {
  const { policy, targets } = asMap(raw)
  const known = Object.keys(asMap(targets))
  return asList(policy).flatMap((rule, index) =>
    asList(asMap(rule).grant).flatMap((level, position) => {
      const [, target] = (typeof level === 'string' && /^([a-z0-9-]{1,32})\//.exec(level)) || []
      if (target === undefined || known.includes(target)) return []
      return [{ path: ['policy', index, 'grant', position], expected: expectedAmong('a known target', target, known) }]
    }),
  )
}

function expectedAmong(what: string, word: string, known: readonly string[]): string {
  const suggestion = nearest(word, known)
  if (suggestion !== undefined) return `expected ${what}, perhaps ${suggestion}`
  return known.length === 0 ? `expected ${what}, and there is none` : `expected ${what}: ${known.join(', ')}`
}

export function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
