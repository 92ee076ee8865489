/** Turns one row of cells into a source record, or says which field kept it out; it never guesses and never repeats a value. */
import type { CardClaim } from '../model/card.ts'
import { cardsMax, type SourceFieldName, type SourceRecord } from '../model/source-record.ts'
import { type CardMapping, type CompiledCard, compileCard } from './cards.ts'
import { type CelPosition, ExpressionError } from './cel.ts'
import { ABSENT, type CellExpression, type Cells, compileCell } from './cell.ts'
import { attrOf, type Coerce, fieldChecks, keyOf } from './coerce.ts'
import { HIDDEN } from './functions.ts'
import { type MappingProblem, type RecordProblemCode, RowRefused } from './problem.ts'

/** All strings are CEL over `row`, the cells by column name. */
export interface MappingConfig {
  readonly key: string
  readonly person?: string
  readonly fields: Readonly<Partial<Record<SourceFieldName, string>>>
  readonly attrs?: Readonly<Record<string, string>>
  readonly cards?: readonly CardMapping[]
}

export interface Mapping {
  /**
   * A problem with code `mapping.key` means that nobody knows whom the row is about: the read must count as incomplete.
   * Any other problem keeps this row out.
   */
  apply(cells: Cells): { readonly record: SourceRecord } | { readonly problem: MappingProblem }
  /** The fields that the mapping fills: what the source is expected to speak of. */
  readonly fields: readonly SourceFieldName[]
  /** The columns that every delivery must have, each once, with the first place of the mapping that reads it. */
  readonly needs: readonly NeededColumn[]
}

export interface NeededColumn {
  readonly column: string
  /** `fields.end`, `cards[0]` */
  readonly field: string
}

/**
 * @throws ExpressionError with field (`fields.end`, `cards[0].number`) and place, when an expression is no CEL, can never
 *   give the field's type, or the field doesn't exist.
 */
export function compileMapping(config: MappingConfig): Mapping {
  const key = compileCell('key', config.key)
  const person = config.person === undefined ? null : compileCell('person', config.person)
  const fields = Object.entries(config.fields).map(([name, source]) => compileField(name, source))
  const attrs = Object.entries(config.attrs ?? {}).map(([name, source]) => compileAttr(name, source))
  const cards = config.cards?.map((card, index) => compileCard(`cards[${index}]`, card)) ?? null
  if (cards && cards.length > 16) throw new ExpressionError('cards[16]', 'mapping.too-many-cards', start)

  const readers = [
    { path: 'key', needs: key.needs },
    { path: 'person', needs: person?.needs ?? [] },
    ...fields,
    ...attrs,
    ...(cards ?? []).map(({ needs }, index) => ({ path: `cards[${index}]`, needs })),
  ]

  return {
    fields: fields.map((field) => field.name),
    needs: neededBy(readers),
    apply(cells) {
      let current = 'key'
      try {
        const id = keyOf(key.read(cells))
        if (id === null) return { problem: { field: 'key', code: 'mapping.key' } }
        const record: SourceRecord = { key: id, fields: {}, hidden: [], attrs: {} }
        if (person) {
          current = 'person'
          const personKey = person.read(cells)
          const same = personKey === ABSENT || personKey === HIDDEN ? null : keyOf(personKey)
          if (same !== null) record.personKey = same
        }
        // Field names are checked against the model when the mapping is compiled, and values by the field's own check.
        const target = record.fields as Record<string, string | boolean | null>
        for (const field of fields) {
          current = field.path
          const value = field.read(cells)
          if (value === HIDDEN) record.hidden.push(field.name)
          else if (value !== ABSENT) target[field.name] = field.coerce(value)
        }
        for (const attr of attrs) {
          current = attr.path
          const value = attr.read(cells)
          if (value === HIDDEN) record.hidden.push(attr.path)
          else if (value !== ABSENT) record.attrs[attr.name] = attrOf(value)
        }
        if (cards) {
          current = 'cards'
          const claims = readCards(cards, cells, (index) => {
            current = `cards[${index}]`
          })
          if (claims) record.cards = claims
        }
        return { record }
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error
        return { problem: problemOf(current, error) }
      }
    },
  }
}

function neededBy(readers: readonly { readonly path: string; readonly needs: readonly string[] }[]): NeededColumn[] {
  const first = new Map<string, string>()
  for (const { path, needs } of readers) for (const column of needs) if (!first.has(column)) first.set(column, path)
  return [...first].map(([column, field]) => ({ column, field }))
}

/** Null when the row leaves any of the cards open: half a list would read as 'the others are gone'. */
function readCards(cards: readonly CompiledCard[], cells: Cells, at: (index: number) => void): CardClaim[] | null {
  const claims: CardClaim[] = []
  let complete = true
  for (const [index, card] of cards.entries()) {
    at(index)
    const read = card.read(cells)
    if (read === ABSENT) complete = false
    else claims.push(...read)
  }
  if (claims.length > cardsMax) throw new RowRefused('mapping.length')
  return complete ? claims : null
}

function problemOf(field: string, { code, at }: RowRefused): MappingProblem {
  const named: RecordProblemCode = field === 'key' ? 'mapping.key' : code
  return at ? { field, code: named, at } : { field, code: named }
}

const start: CelPosition = { line: 1, column: 1 }

interface CompiledField<Name extends string> extends CellExpression {
  readonly name: Name
  readonly path: string
}

function compileField(name: string, source: string): CompiledField<SourceFieldName> & { readonly coerce: Coerce } {
  const path = `fields.${name}`
  if (!isFieldName(name)) throw new ExpressionError(path, 'mapping.unknown-field', start)
  const cell = compileCell(path, source)
  const { coerce, types } = fieldChecks[name]
  if (cell.type !== 'dyn' && !types.includes(cell.type)) throw new ExpressionError(path, 'mapping.type', start)
  return { ...cell, name, path, coerce }
}

function isFieldName(name: string): name is SourceFieldName {
  return Object.hasOwn(fieldChecks, name)
}

function compileAttr(name: string, source: string): CompiledField<string> {
  const path = `attrs.${name}`
  // Assigning this name would change the object's prototype instead of setting a value.
  if (name === '__proto__') throw new ExpressionError(path, 'mapping.unknown-field', start)
  return { ...compileCell(path, source), name, path }
}
