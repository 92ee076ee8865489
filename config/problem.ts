/** What is wrong with a configuration, where, and what would be right; never a value that could be a secret. */

export type Path = readonly (string | number)[]

export interface Problem {
  readonly file: string
  /** Counted from 1; null when the problem is with the file as a whole. */
  readonly line: number | null
  /** `targets.hq.settings.url`; empty for the whole file. */
  readonly path: string
  /** A phrase that begins with 'expected', or says in other words what to do. */
  readonly expected: string
  readonly found: string
}

/** All problems of a file at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'config.refused'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(sentenceOf).join('\n'))
    this.problems = problems
  }
}

function sentenceOf({ file, line, path, expected, found }: Problem): string {
  const place = line === null ? file : `${file}:${line}`
  return `${place}: ${path === '' ? '' : `${path}: `}${expected}; found ${found}`
}

export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      return index === 0 ? part : `.${part}`
    })
    .join('')
}

/** `value` in words: its type alone when it may be a secret. */
export function foundText(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (secret) return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as 'string']
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

/** The candidate that was probably meant, if any is near: other case or word breaks, or a third of the letters at most. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[_-]/g, '')
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .sort((left, right) => left.distance - right.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, word.length / 3) ? best.candidate : undefined
}

/** Letters to add, drop, replace or swap with their neighbour. */
function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row.push(Math.min(replaced, at(i - 1, j) + 1, at(i, j - 1) + 1, swapped ? at(i - 2, j - 2) + 1 : Infinity))
    }
  }
  return at(from.length, to.length)
}
