/** Compiles every expression of a configuration on its own, so that one mistake doesn't hide the next. */
import { ExpressionError } from '../src/mapping/cel.ts'
import { compileEventFilter, filterFields } from '../src/mapping/event-filter.ts'
import { compileSite } from '../src/mapping/event-site.ts'
import { compileMapping, type MappingConfig } from '../src/mapping/mapping.ts'
import { feedNames, type Reveal, reveals, revealUnlessSaid } from '../src/model/events/reveal.ts'
import { compileRule, employmentFields, personFields } from '../src/policy/rule.ts'
import { asList, asMap } from './checks.ts'
import { nearest, type Path } from './problem.ts'

export interface ExpressionMistake {
  readonly path: Path
  readonly expected: string
  /** What kind of mistake, and where in the expression; never its text, which may hold personal data. */
  readonly found: string
}

const expectations: Readonly<Record<string, string>> = {
  'filter.not-bool': 'expected an expression that is true or false',
  'filter.not-of-punches':
    'expected a filter over what a punch tells (event.type, event.kind, event.correction, and person as far as reveal goes): of doors, readers, systems and how somebody proved who they are it knows nothing',
  'filter.not-revealed': 'expected a filter over no more than reveal lists',
  'mapping.date-format': 'expected a date format that date() knows',
  'mapping.type': 'expected an expression whose value fits this field',
  'site.not-text': 'expected an expression that gives the name of a site, or ""',
  'policy.not-bool': 'expected an expression that is true or false',
}

/** What an expression of a section is called. */
const words: Readonly<Record<string, string>> = { policy: 'a rule', subscriptions: 'a filter' }

/**
 * Every source's mapping, every site of events, every rule and every filter of an unchecked file; what is no text is left to the schema.
 * `revealOf`: what a subscription of events reveals that does not say it itself, where its connector says it.
 */
export function expressionMistakes(
  raw: unknown,
  revealOf: (subscription: string) => readonly Reveal[] | undefined = () => undefined,
): ExpressionMistake[] {
  const { sources, targets, policy, subscriptions } = asMap(raw)
  return [
    ...Object.entries(asMap(sources)).flatMap(([id, source]) =>
      mappingMistakes(asMap(source).mapping, ['sources', id, 'mapping']),
    ),
    ...Object.entries({ sources, targets }).flatMap(([kind, all]) =>
      Object.entries(asMap(all)).flatMap(([id, system]) =>
        mistakeIn(asMap(asMap(system).events).site, [kind, id, 'events', 'site'], compileSite),
      ),
    ),
    ...asList(policy).flatMap((rule, index) => {
      const { to } = asMap(rule)
      const compile = (text: string) => compileRule({ grant: ['any/level'], to: text }, index)
      return mistakeIn(to, ['policy', index, 'to'], compile)
    }),
    ...Object.entries(asMap(subscriptions)).flatMap(([id, subscription]) => {
      const { filter, feed: written, reveal } = asMap(subscription)
      const feed = feedNames.find((name) => name === written) ?? 'events'
      const said = asList(reveal ?? revealUnlessSaid(feed, revealOf(id)))
      const allowed = reveals.filter((name) => said.includes(name))
      const compile = (text: string) => compileEventFilter(text, allowed, feed)
      return mistakeIn(filter, ['subscriptions', id, 'filter'], compile, filterFields(feed))
    }),
  ]
}

function mappingMistakes(mapping: unknown, at: Path): ExpressionMistake[] {
  const { key, person, fields, attrs, cards } = asMap(mapping)
  const inMapping = (given: Partial<MappingConfig>) => compileMapping({ key: '"any"', fields: {}, ...given })
  return [
    ...mistakeIn(key, [...at, 'key'], (text) => inMapping({ key: text })),
    ...mistakeIn(person, [...at, 'person'], (text) => inMapping({ person: text })),
    ...Object.entries(asMap(fields)).flatMap(([name, each]) =>
      mistakeIn(each, [...at, 'fields', name], (text) => inMapping({ fields: { [name]: text } })),
    ),
    ...Object.entries(asMap(attrs)).flatMap(([name, each]) =>
      mistakeIn(each, [...at, 'attrs', name], (text) => inMapping({ attrs: { [name]: text } })),
    ),
    ...asList(cards).flatMap((card, index) =>
      ['facility', 'number', 'bits', 'uid', 'cards', 'state'].flatMap((part) =>
        // Any expression of a card is compiled alike: the state will do for all.
        mistakeIn(asMap(card)[part], [...at, 'cards', index, part], (text) =>
          inMapping({ cards: [{ format: 'CSN', uid: '"any"', state: text }] }),
        ),
      ),
    ),
  ]
}

/** `known`: the fields that a misspelt one may have meant. */
function mistakeIn(
  text: unknown,
  path: Path,
  compile: (text: string) => unknown,
  known: readonly string[] = ofRules,
): ExpressionMistake[] {
  if (typeof text !== 'string') return []
  try {
    compile(text)
    return []
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const { code, at, unknownField } = error
    // A key that is none of ours: the schema says so, and names those that are.
    if (code === 'mapping.unknown-field') return []
    const expected = expectations[code] ?? `expected ${words[String(path[0])] ?? 'an expression'} in CEL`
    const meant = code.endsWith('.unknown-field') && unknownField !== null ? perhaps(unknownField, known) : ''
    const named = unknownField === null ? '' : ` ${unknownField}${meant}`
    return [{ path, expected, found: `a mistake at ${at.line}:${at.column}: ${wordsOf(code)}${named} [${code}]` }]
  }
}

const ofRules = [
  ...personFields.map((name) => `person.${name}`),
  ...employmentFields.map((name) => `employment.${name}`),
]

function perhaps(field: string, known: readonly string[]): string {
  const meant = nearest(field, known)
  return meant === undefined ? '' : `, perhaps ${meant}`
}

/** `cel.unexpected-character`: unexpected character. */
function wordsOf(code: string): string {
  return code.slice(code.indexOf('.') + 1).replaceAll('-', ' ')
}
