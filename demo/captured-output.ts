/** Keeps a copy of all that this process writes to its two outputs, whoever writes it. */

/** Call it once, first of all; the array grows. */
export function captureOutput(): readonly Uint8Array[] {
  const captured: Uint8Array[] = []
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      captured.push(Buffer.from(chunk as string))
      return write(chunk, ...rest)
    }
  }
  return captured
}
