/** Turns YAML into plain values and remembers on which line each stood. */
import { type ErrorCode, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Path } from './problem.ts'

export interface YamlProblem {
  readonly line: number
  readonly path: Path
  readonly expected: string
  readonly found: string
}

export interface YamlFile {
  readonly value: unknown
  readonly problems: readonly YamlProblem[]
  /** The line of a value, or of the nearest that contains it; null for an empty file. */
  lineOf(path: Path): number | null
}

// The parser's own messages quote the text, which may be a secret; its codes don't.
const expectations: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'expected keys of one map to be indented alike',
  BAD_SCALAR_START: 'expected quotes around a text that starts with this character',
  BLOCK_AS_IMPLICIT_KEY: 'expected one key and value per line',
  DUPLICATE_KEY: 'expected each key once',
  MISSING_CHAR: 'expected a closing quote or bracket, or a colon after the key',
  MULTIPLE_DOCS: 'expected one document',
  NON_STRING_KEY: 'expected text as key',
  TAB_AS_INDENT: 'expected blanks, not tabs',
  TAG_RESOLVE_FAILED: "expected no tag of one's own (!name)",
  UNEXPECTED_TOKEN: 'expected quotes around a text with special characters, such as a reference inside { }',
}

/** Plain YAML 1.2 with text keys; aliases and tags are refused. */
export function readYaml(text: string): YamlFile {
  const counter = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, lineCounter: counter })
  const lineAt = (offset: number) => counter.linePos(offset).line
  const problems: YamlProblem[] = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    line: lineAt(pos[0]),
    path: [],
    expected: expectations[code] ?? 'expected YAML',
    found: `something else (${code.toLowerCase().replaceAll('_', ' ')})`,
  }))

  const lines = new Map<string, number>()
  const read = (node: Node | null, path: Path, line: number): unknown => {
    lines.set(JSON.stringify(path), line)
    if (isMap<Node, Node | null>(node)) {
      const entries = node.items.map(({ key, value }) => {
        const name = String(isScalar(key) ? key.value : '')
        const at = lineAt(key.range?.[0] ?? 0)
        if (name === '__proto__')
          problems.push({ line: at, path: [...path, name], expected: 'expected another key', found: 'this one' })
        return [name, read(value, [...path, name], at)] as const
      })
      return Object.fromEntries(entries)
    }
    if (isSeq<Node>(node)) {
      return node.items.map((item, index) => read(item, [...path, index], lineAt(item.range?.[0] ?? 0)))
    }
    if (isAlias(node)) problems.push({ line, path, expected: 'expected the value itself', found: 'an alias (*name)' })
    return isScalar(node) ? node.value : null
  }
  const contents = document.contents
  const value = problems.length > 0 ? undefined : read(contents, [], lineAt(contents?.range?.[0] ?? 0))

  return {
    value,
    problems,
    lineOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const line = lines.get(JSON.stringify(path.slice(0, length)))
        if (line !== undefined) return line
      }
      return null
    },
  }
}
