/** How a reference to a secret is written: `${env:NAME}` or `${file:PATH}`, always the whole value. */

export interface Reference {
  readonly kind: 'env' | 'file'
  readonly name: string
}

export function referenceText(kind: Reference['kind'], name: string): string {
  return `\${${kind}:${name}}`
}

/** Whether a text is or tries to be a reference; shell habits such as a bare name in braces count. */
export function looksLikeReference(text: string): boolean {
  return text.includes('$' + '{')
}

/** The reference that `text` is as a whole, or null. */
export function parseReference(text: string): Reference | null {
  const [, kind, name] = /^\$\{(env|file):([^{}]+)\}$/.exec(text) ?? []
  return name === undefined ? null : { kind: kind as Reference['kind'], name }
}
