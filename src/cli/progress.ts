/** Shows that long work is alive, on standard error and only to a person. */
import type { Terminal } from './terminal.ts'

const frames = ['-', '\\', '|', '/']

/** Resolves or rejects as `work` does; the line is gone afterwards. A label that counts is asked each time that it is drawn. */
export async function withProgress<T>(
  terminal: Terminal,
  label: string | (() => string),
  work: Promise<T>,
): Promise<T> {
  if (!terminal.watched) return await work
  const begun = Date.now()
  let turn = 0
  const show = () => {
    const seconds = Math.floor((Date.now() - begun) / 1_000)
    terminal.err(`\r${frames[turn++ % frames.length]} ${typeof label === 'string' ? label : label()} ${seconds} s `)
  }
  show()
  const timer = setInterval(show, 120)
  try {
    return await work
  } finally {
    clearInterval(timer)
    // Back to the start of the line and erase it (ECMA-48, EL).
    terminal.err('\r\u001b[K')
  }
}
