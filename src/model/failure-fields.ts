/** What may be logged about an error whose text nobody knows: its name, its code, and where in our code it arose. */

const word = /^[A-Za-z0-9][\w.:-]{0,63}$/
const root = new URL('../../', import.meta.url).href
const frame = /(?:file:\/\/)?(\/[^\s()]+):(\d+):\d+\)?$/

export interface FailureFields {
  readonly error: string
  readonly code?: string
  /** File of ours and line. */
  readonly where?: string
}

/** Never the message, never a value; works for anything that can be thrown. */
export function failureFields(thrown: unknown): FailureFields {
  if (!(thrown instanceof Error)) return { error: 'not-an-error' }
  const code: unknown = 'code' in thrown ? thrown.code : undefined
  const where = placeOf(thrown)
  return {
    error: word.test(thrown.name) ? thrown.name : 'Error',
    ...(typeof code === 'string' && word.test(code) ? { code } : {}),
    ...(where === undefined ? {} : { where }),
  }
}

// The message comes first in a stack and may contain anything, so frames are looked for only behind it.
function placeOf({ stack, name, message }: Error): string | undefined {
  const begin = `${name}: ${message}\n`
  const frames = stack?.startsWith(begin) ? stack.slice(begin.length).split('\n') : []
  const folder = new URL(root).pathname
  for (const line of frames) {
    const [, path, number] = frame.exec(line) ?? []
    if (path?.startsWith(folder) && !path.includes('/node_modules/')) return `${path.slice(folder.length)}:${number}`
  }
  return undefined
}
