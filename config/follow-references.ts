/** Replaces references by what they point to, and refuses a secret that is written down. */
import { resolve } from 'node:path'
import { fileExpectations, readOwnedFile } from './owned-file.ts'
import type { Path } from './problem.ts'
import { looksLikeReference, parseReference, referenceText } from './reference.ts'

export interface ReferenceProblem {
  readonly path: Path
  readonly expected: string
  readonly found: string
}

export interface Resolved {
  /** With the values that references point to; undefined where one could not be followed. */
  readonly value: unknown
  /**
   * As written, but for references in fields that are no secret, which are followed: what they say decides something, and must not be
   * changed by whoever can write what they point to.
   */
  readonly declared: unknown
}

export interface ReferenceOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What paths in `${file:PATH}` are relative to. */
  readonly folder: string
  readonly isSecret: (path: Path) => boolean
  readonly onProblem: (problem: ReferenceProblem) => void
  /** Told of every place whose value came from elsewhere: it may be a secret whatever the field is for. */
  readonly onFollowed: (path: Path) => void
}

const wanted = `expected a reference as the whole value: ${referenceText('env', 'NAME')} or ${referenceText('file', 'PATH')}`

export async function followReferences(value: unknown, options: ReferenceOptions, path: Path = []): Promise<Resolved> {
  if (Array.isArray(value)) {
    const items = []
    for (const [index, item] of value.entries()) items.push(await followReferences(item, options, [...path, index]))
    return { value: items.map((item) => item.value), declared: items.map((item) => item.declared) }
  }
  if (typeof value === 'object' && value !== null) {
    const entries: (readonly [string, Resolved])[] = []
    for (const [key, each] of Object.entries(value)) {
      entries.push([key, await followReferences(each, options, [...path, key])])
    }
    return {
      value: Object.fromEntries(entries.map(([key, each]) => [key, each.value])),
      declared: Object.fromEntries(entries.map(([key, each]) => [key, each.declared])),
    }
  }
  return followScalar(value, options, path)
}

async function followScalar(value: unknown, options: ReferenceOptions, path: Path): Promise<Resolved> {
  const refuse = (expected: string, found: string): Resolved => {
    options.onProblem({ path, expected, found })
    return { value: undefined, declared: undefined }
  }
  const secret = options.isSecret(path)
  if (typeof value !== 'string' || !looksLikeReference(value)) {
    if (secret && value !== null) return refuse(wanted, 'a literal value')
    return { value, declared: value }
  }
  const reference = parseReference(value)
  if (reference === null) return refuse(wanted, 'another use of $ and {')
  const { kind, name } = reference
  options.onFollowed(path)
  const declaredAs = (text: string): Resolved => {
    if (secret) return { value: text, declared: value }
    // It would be followed again when the sections are loaded as they were released.
    return looksLikeReference(text)
      ? refuse('expected a value', `another reference (${name})`)
      : { value: text, declared: text }
  }
  if (kind === 'env') {
    const text = options.env[name]
    if (text === undefined || text === '') {
      return refuse(`expected the environment variable ${name} to be set`, 'nothing')
    }
    return declaredAs(text)
  }
  const file = await readOwnedFile(resolve(options.folder, name), secret)
  if ('fault' in file)
    return refuse(
      `expected ${fileExpectations[file.fault]}`,
      `${file.fault === 'missing' ? 'none' : 'another one'} (${name})`,
    )
  // Editors and echo end a file with a line break that is no part of a secret.
  const text = file.text.replace(/\r?\n$/, '')
  return text === '' ? refuse('expected a file with content', `an empty one (${name})`) : declaredAs(text)
}
