/** One rule: a CEL expression over a person and one of their employments, and the levels that it grants. */
import { type ASTNode, EvaluationError } from '@marcbachmann/cel-js'
import {
  accessOf,
  type CelPosition,
  celCode,
  celEnvironment,
  childrenOf,
  compileExpression,
  ExpressionError,
  isCelFault,
  isVariable,
  positionAt,
  positionOf,
} from '../mapping/cel.ts'

export interface RuleConfig {
  /** Access levels as `target/level name`. */
  readonly grant: readonly string[]
  /** CEL over `person` and `employment` that gives true for those who get them. */
  readonly to: string
}

/** A field that a rule reads: `person.kind`, `employment.department`, `employment.attrs.shift`. */
export interface FieldRef {
  readonly of: 'person' | 'employment' | 'attrs'
  readonly name: string
  readonly path: string
}

/** `failed`: the expression broke on these values, which counts as not knowing, and someone should mend the rule. */
export type Verdict =
  | { readonly is: 'granted' | 'denied' | 'unknown' }
  | { readonly is: 'failed'; readonly code: string; readonly at: CelPosition | null }

export interface RuleVariables extends Readonly<Record<string, unknown>> {
  readonly person: Readonly<Record<string, unknown>>
  readonly employment: Readonly<Record<string, unknown>>
}

export interface Rule {
  readonly index: number
  readonly grant: readonly string[]
  readonly source: string
  readonly refs: readonly FieldRef[]
  readonly decide: (variables: RuleVariables) => Verdict
}

export const personFields = [
  'kind',
  'employeeNumber',
  'email',
  'givenName',
  'familyName',
  'preferredName',
  'department',
  'title',
] as const
export const employmentFields = ['department', 'site', 'title', 'kind', 'company'] as const

const env = celEnvironment()
  .registerVariable('person', 'map<string, dyn>')
  .registerVariable('employment', 'map<string, dyn>')

const granted: Verdict = { is: 'granted' }
const denied: Verdict = { is: 'denied' }
const unknown: Verdict = { is: 'unknown' }

/** @throws ExpressionError when a level is no reference, or the expression is no CEL, no yes or no, or names no field of ours. */
export function compileRule({ grant, to }: RuleConfig, index: number): Rule {
  const field = `policy[${index}].to`
  const wrong = grant.findIndex((level) => !/^[^/]+\/./s.test(level))
  if (wrong >= 0 || grant.length === 0) {
    throw new ExpressionError(`policy[${index}].grant[${Math.max(wrong, 0)}]`, 'policy.level-reference', start)
  }
  const expression = compileExpression(env, field, to)
  if (expression.type !== 'bool' && expression.type !== 'dyn')
    throw new ExpressionError(field, 'policy.not-bool', start)
  const refs = new Map<string, FieldRef>()
  collect(
    expression.ast,
    refs,
    (code, node, name) => new ExpressionError(field, code, positionAt(to, node.start), name ?? null),
  )
  const { run } = expression
  return {
    index,
    grant: [...new Set(grant)],
    source: to,
    refs: [...refs.values()],
    decide(variables) {
      try {
        const answer = run(variables)
        if (answer === true) return granted
        return answer === false ? denied : { is: 'failed', code: 'policy.not-bool', at: null }
      } catch (error) {
        if (!isCelFault(error)) throw error
        if (isMissingField(error)) return unknown
        return { is: 'failed', code: celCode(error), at: positionOf(error, to) }
      }
    },
  }
}

const start: CelPosition = { line: 1, column: 1 }

type Fault = (code: string, node: ASTNode, name?: string) => ExpressionError

/**
 * Finds every field that a rule reads. Only fields by name are allowed: a rule over the whole map would silently take a hidden
 * field for one that isn't there. For the same reason `has()` is refused, except for attributes, which not all sources declare.
 */
function collect(node: ASTNode, refs: Map<string, FieldRef>, fault: Fault): void {
  const ref = refOf(node)
  if (ref) {
    if (!isKnown(ref)) throw fault('policy.unknown-field', node, ref.path)
    refs.set(ref.path, ref)
    return
  }
  if (isVariable(node, 'person') || isVariable(node, 'employment')) throw fault('policy.field-by-name', node)
  if (node.op === 'call' && node.args[0] === 'has') {
    const asked = node.args[1][0] ? refOf(node.args[1][0]) : null
    if (asked && asked.of !== 'attrs') throw fault('policy.has-refused', node)
  }
  for (const child of childrenOf(node)) collect(child, refs, fault)
}

function refOf(node: ASTNode): FieldRef | null {
  const access = accessOf(node)
  if (!access) return null
  const { base, name } = access
  for (const variable of ['person', 'employment'] as const) {
    if (isVariable(base, variable)) return { of: variable, name, path: `${variable}.${name}` }
  }
  const outer = accessOf(base)
  if (outer?.name !== 'attrs' || !isVariable(outer.base, 'employment')) return null
  return { of: 'attrs', name, path: `employment.attrs.${name}` }
}

function isKnown({ of, name }: FieldRef): boolean {
  if (of === 'attrs') return true
  return (of === 'person' ? personFields : employmentFields).some((known) => known === name)
}

/** Only a field of ours that is missing means 'unknown'; a map literal in the rule that lacks a key is a fault of the rule. */
function isMissingField(error: unknown): boolean {
  if (!(error instanceof EvaluationError) || error.code !== 'no_such_key' || !error.node) return false
  return refOf(error.node) !== null
}
