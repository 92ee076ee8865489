/** CEL as mappings and rules see it: null compares without failing, and an error tells where it is but never a value. */
import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  type ParseResult,
  TypeError as TypeFault,
} from '@marcbachmann/cel-js'

/** Place in an expression, counted from 1. */
export interface CelPosition {
  readonly line: number
  readonly column: number
}

/**
 * An expression of the configuration that can't be used. `code` is stable (`cel.unexpected-token`); neither it nor the
 * message repeats any text of the expression, which may hold personal data.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly field: string
  readonly code: string
  readonly at: CelPosition
  /** The field by name that the expression asks for and that there is not; a name of the model, so it may be shown. */
  readonly unknownField: string | null

  constructor(field: string, code: string, at: CelPosition, unknownField: string | null = null) {
    super(`${field}: ${code} at ${at.line}:${at.column}`)
    this.field = field
    this.code = code
    this.at = at
    this.unknownField = unknownField
  }
}

/** An expression that was parsed and type-checked. `type` is the static CEL type, `dyn` when only a value can tell. */
export interface Expression {
  readonly source: string
  readonly ast: ASTNode
  readonly type: string
  /** @throws CelFault, and nothing else. Its message may hold values: only its code and place may be shown. */
  readonly run: (variables: Readonly<Record<string, unknown>>) => unknown
}

/**
 * A CEL environment in which null is a value like any other: `null < x` and `null.startsWith(x)` are false, `size(null)` is 0
 * and text functions of null give null. Plain CEL fails there, so that one empty cell would spoil a whole rule. Equality is
 * CEL's own: `null == "x"` is false, `null != "x"` is true.
 */
export function celEnvironment(): Environment {
  const env = new Environment({ homogeneousAggregateLiterals: false })
  for (const op of ['<', '<=', '>', '>=']) {
    env.registerOperator(`null ${op} null`, () => false)
    for (const type of ['string', 'int', 'double', 'bool']) {
      env.registerOperator(`null ${op} ${type}`, () => false)
      env.registerOperator(`${type} ${op} null`, () => false)
    }
  }
  for (const test of ['startsWith', 'endsWith', 'contains', 'matches']) {
    env.registerFunction(`null.${test}(string): bool`, () => false)
    env.registerFunction(`null.${test}(null): bool`, () => false)
    env.registerFunction(`string.${test}(null): bool`, () => false)
  }
  for (const change of ['lowerAscii', 'upperAscii', 'trim']) env.registerFunction(`null.${change}(): dyn`, () => null)
  env.registerFunction('size(null): int', () => 0n)
  return env
}

/**
 * Parses and type-checks `source`.
 * @throws ExpressionError with the place of the first mistake.
 */
export function compileExpression(env: Environment, field: string, source: string): Expression {
  try {
    const parsed = env.parse(source)
    const checked = parsed.check()
    if (!checked.valid) throw checked.error
    return { source, ast: parsed.ast, type: checked.type ?? 'dyn', run: (variables) => runParsed(parsed, variables) }
  } catch (error) {
    if (!isCelFault(error)) throw error
    throw new ExpressionError(field, celCode(error), positionOf(error, source))
  }
}

/**
 * Some functions of the library fail with the runtime's own errors, whose text quotes the value (`json()`, `getHours(zone)`).
 * What leaves here is always a CEL fault, with neither that text nor that cause.
 */
function runParsed(parsed: ParseResult, variables: Readonly<Record<string, unknown>>): unknown {
  try {
    return parsed(variables)
  } catch (error) {
    throw isCelFault(error) ? error : new EvaluationError({ code: 'function_failed', message: 'function failed' })
  }
}

export type CelFault = ParseError | EvaluationError | TypeFault

export function isCelFault(error: unknown): error is CelFault {
  return error instanceof EvaluationError || error instanceof ParseError || error instanceof TypeFault
}

/** The library's own code, spelled as ours: `no_such_key` becomes `cel.no-such-key`. */
export function celCode(error: CelFault): string {
  return `cel.${error.code.replaceAll('_', '-')}`
}

export function positionOf(error: CelFault, source: string): CelPosition {
  return positionAt(source, error.range?.start ?? 0)
}

export function positionAt(source: string, offset: number): CelPosition {
  const before = source.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** `base.name` or `base["name"]`, where the name stands in the text; null for anything else. */
export function accessOf(node: ASTNode): { base: ASTNode; name: string } | null {
  if (node.op === '.') return { base: node.args[0], name: node.args[1] }
  if (node.op !== '[]') return null
  const [base, index] = node.args
  return index.op === 'value' && typeof index.args === 'string' ? { base, name: index.args } : null
}

export function isVariable(node: ASTNode, name: string): boolean {
  return node.op === 'id' && node.args === name
}

/** The nodes directly below `node`, in reading order. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    case '!_':
    case '-_':
      return [node.args]
    default:
      return node.args
  }
}
