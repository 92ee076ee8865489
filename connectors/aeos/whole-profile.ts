/** A profile as it is written back whole, which replaces everything that was given by hand: all that was there, but for what goes. */
import type { Entry } from './levels.ts'
import { isByRule } from './soap/records.ts'
import type { Value } from './soap/soap.ts'

const lists = {
  template: 'TemplateAuthorisation',
  group: 'EntranceGroupAuthorisation',
  entrance: 'EntranceAuthorisation',
} as const

type Node = { readonly [name: string]: unknown }

/**
 * Other kinds of lock are written back as they were read. What a rule gave is left out: it stays by itself, and sent back it would become
 * a right given by hand.
 */
export function profileWithout(whole: unknown, gone: readonly Entry[]): Value {
  const fields = Object.entries(isNode(whole) ? whole : {})
  return Object.fromEntries(
    fields.flatMap(([name, value]) => {
      if (!name.startsWith('Authorisation')) return textField(value, name)
      const kept = Object.entries(isNode(value) ? value : {}).map(([list, entries]): [string, Value] => [
        list,
        asList(entries)
          .filter((entry) => !isByRule(entry) && !(name === 'AuthorisationOnline' && isGone(list, entry, gone)))
          .flatMap((entry) => Object.fromEntries(Object.entries(entry).flatMap(([key, each]) => textField(each, key)))),
      ])
      return [[name, Object.fromEntries(kept)] as const]
    }),
  )
}

function isGone(list: string, entry: Node, gone: readonly Entry[]): boolean {
  return gone.some((each) => {
    if (list !== lists[each.of]) return false
    const { Enabled: _, ...named } = each.entry
    return Object.entries(named).every(([name, value]) => value === undefined || entry[name] === value)
  })
}

/** Texts only: what the parser adds of its own, such as attributes, is no part of the profile. */
function textField(value: unknown, name: string): (readonly [string, Value])[] {
  return typeof value === 'string' ? [[name, value] as const] : []
}

function asList(value: unknown): readonly Node[] {
  return (Array.isArray(value) ? value : [value]).filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null
}
