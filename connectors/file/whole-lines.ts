/** Reads a file line by line, as far as its lines are whole: what a crash left of the last one is not given. */
import { createReadStream } from 'node:fs'

export interface WholeLine {
  readonly line: string
  /** How many bytes of the file lie before the end of this line. */
  readonly end: number
}

/** Without their line feeds. @throws what the file system throws. */
export async function* wholeLines(path: string): AsyncGenerator<WholeLine> {
  let rest: Buffer = Buffer.alloc(0)
  let end = 0
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer])
    let from = 0
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, from)) {
      end += at + 1 - from
      yield { line: rest.subarray(from, at).toString(), end }
      from = at + 1
    }
    rest = rest.subarray(from)
  }
}
