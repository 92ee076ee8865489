/** One expression over a row, compiled: plain references and our own functions run without CEL, with the same results. */
import { type ASTNode, EvaluationError } from '@marcbachmann/cel-js'
import {
  accessOf,
  celEnvironment,
  childrenOf,
  compileExpression,
  type Expression,
  ExpressionError,
  isVariable,
  positionAt,
  positionOf,
} from './cel.ts'
import { date, dateFormats, HIDDEN, list, lower, number, trim } from './functions.ts'
import { isRecordProblemCode, RowRefused } from './problem.ts'

export type Cells = Readonly<Record<string, string | null>>

/** The expression needs a column that the row doesn't have. */
export const ABSENT: unique symbol = Symbol('absent')

/** `read` gives a value, null, HIDDEN or ABSENT. @throws RowRefused when the expression fails on the row. */
export interface CellExpression {
  readonly read: (cells: Cells) => unknown
  /** The columns that the expression names; a computed name (`row[row.x]`) is not among them. */
  readonly columns: readonly string[]
  /** Those of them that every delivery must have: the expression does not ask by `has(row.x)` whether they are there. */
  readonly needs: readonly string[]
  /** Static CEL type; `dyn` when only the row can tell. */
  readonly type: string
}

const env = celEnvironment()
  .registerVariable('row', 'map<string, dyn>')
  .registerFunction('date(dyn, string): dyn', date)
  .registerFunction('number(dyn): dyn', number)
  .registerFunction('trim(dyn): dyn', trim)
  .registerFunction('lower(dyn): dyn', lower)
  .registerFunction('list(dyn): dyn', (text: unknown) => list(text))
  .registerFunction('list(dyn, string): dyn', list)
  .registerFunction('hidden(): dyn', () => HIDDEN)

const direct: Readonly<Record<string, (text: unknown) => unknown>> = { number, trim, lower }

/** @throws ExpressionError when the text isn't CEL, or names a date format that doesn't exist. */
export function compileCell(field: string, source: string): CellExpression {
  const expression = compileExpression(env, field, source)
  const columns = new Set<string>()
  const asked = new Set<string>()
  inspect(expression.ast, (node) => {
    const column = columnOf(node)
    if (column !== null) columns.add(column)
    const [tested] = node.op === 'call' && node.args[0] === 'has' ? node.args[1] : []
    const maybe = tested === undefined ? null : columnOf(tested)
    if (maybe !== null) asked.add(maybe)
    const format = node.op === 'call' && node.args[0] === 'date' ? node.args[1][1] : undefined
    if (format?.op === 'value' && !dateFormats.some((known) => known === format.args)) {
      throw new ExpressionError(field, 'mapping.date-format', positionAt(source, format.start))
    }
  })
  const read = shortcut(expression.ast) ?? viaCel(expression)
  const needs = [...columns].filter((column) => !asked.has(column))
  return { read: guarded(read, expression), columns: [...columns], needs, type: expression.type }
}

/** The column that `row.x` or `row["x"]` names; null for anything else. */
function columnOf(node: ASTNode): string | null {
  const access = accessOf(node)
  return access && isVariable(access.base, 'row') ? access.name : null
}

type Read = (cells: Cells) => unknown

function viaCel(expression: Expression): Read {
  return (cells) => {
    try {
      return expression.run({ row: cells })
    } catch (error) {
      if (isMissingColumn(error)) return ABSENT
      throw error
    }
  }
}

/** A map literal that lacks a key fails with the same code as a row that lacks a column: only the latter is absence. */
function isMissingColumn(error: unknown): boolean {
  if (!(error instanceof EvaluationError) || error.code !== 'no_such_key' || !error.node) return false
  const node = error.node
  return (node.op === '.' || node.op === '[]') && isVariable(node.args[0], 'row')
}

/** The reader of `row.x`, a literal, or one of our functions over such; null when it needs CEL. */
function shortcut(node: ASTNode): Read | null {
  const column = columnOf(node)
  if (column !== null) {
    return (cells) => {
      const cell = cells[column]
      return typeof cell === 'string' || cell === null ? cell : ABSENT
    }
  }
  if (node.op !== 'call') return null
  const [name, [first, second, third]] = node.args
  const inner = first && !third ? shortcut(first) : null
  if (!inner) return null
  if (name === 'date' && second?.op === 'value') {
    const format = second.args
    return applied(node, inner, (text) => date(text, format))
  }
  const apply = !second && Object.hasOwn(direct, name) ? direct[name] : undefined
  return apply ? applied(node, inner, apply) : null
}

function applied(node: ASTNode, inner: Read, apply: (text: unknown) => unknown): Read {
  return (cells) => {
    const text = inner(cells)
    if (text === ABSENT) return ABSENT
    try {
      return apply(text)
    } catch (error) {
      throw error instanceof EvaluationError ? error.withAst(node) : error
    }
  }
}

function guarded(read: Read, { source }: Expression): Read {
  return (cells) => {
    try {
      return read(cells)
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      const code = isRecordProblemCode(error.code) ? error.code : 'mapping.expression'
      throw new RowRefused(code, positionOf(error, source))
    }
  }
}

function inspect(node: ASTNode, visit: (node: ASTNode) => void): void {
  visit(node)
  for (const child of childrenOf(node)) inspect(child, visit)
}
