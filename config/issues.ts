/** Puts what zod found wrong into the words of this project: what was expected, at which path. */
import type { z } from 'zod'
import { nearest, type Path } from './problem.ts'

export interface Expectation {
  readonly path: Path
  readonly expected: string
  /** What was found, where that is not the value at the path. */
  readonly found?: string
}

/** One or more expectations per issue; `keysAt` tells the known keys at a path, for suggestions. */
export function expectationsOf(
  issue: z.core.$ZodIssue,
  at: Path,
  keysAt: (path: Path) => readonly string[],
): Expectation[] {
  const path: Path = [...at, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const suggestion = nearest(key, keysAt(path))
      const expected =
        suggestion === undefined ? knownKeys(keysAt(path)) : `expected a known key, perhaps ${suggestion}`
      return { path: [...path, key], expected, found: 'an unknown key' }
    })
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The form that fits best is most likely the one that was meant.
    const [best = []] = issue.errors.toSorted((left, right) => left.length - right.length)
    return best.flatMap((inner) => expectationsOf(inner, path, keysAt))
  }
  const expected = expectedBy(issue)
  return [issue.code === 'invalid_key' ? { path, expected, found: 'another name' } : { path, expected }]
}

function knownKeys(keys: readonly string[]): string {
  return keys.length === 0 ? 'expected no such key' : `expected one of the keys ${keys.join(', ')}`
}

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
}

function expectedBy(issue: z.core.$ZodIssue): string {
  // Messages of our own schemas are written for people already; zod's own start with one of these words.
  if (!/^(Invalid|Too|Unrecognized)\b/.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${nouns[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => String(value) || '""').join(', ')}`
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`
    case 'invalid_key':
      return issue.issues.map((inner) => expectedBy(inner)).join(', ')
    case 'invalid_union':
      return `expected one of ${discriminators(issue).join(', ')}`
    default:
      return issue.message
        .replace(/^Invalid [a-z ]+: must /, 'expected it to ')
        .replace(/^Invalid /, 'expected a valid ')
  }
}

// What a discriminated union could have been; newer than zod's own type of the issue.
function discriminators(issue: object): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : ['several forms']
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' entries' : ''
}
