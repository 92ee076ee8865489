/** Where readable personal data could lie: trees of files, memory, and every key and value of a Redis. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** Something that can be read to its end, as often as one likes. */
export interface Place {
  readonly name: string
  pieces(): AsyncIterable<Buffer>
}

const pieceBytes = 1024 * 1024

/** All files below a folder but those below `without`, whatever they are called; files that vanish meanwhile are passed over. */
export function tree(name: string, folder: string, without?: string): Place {
  return {
    name,
    async *pieces() {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || (without !== undefined && `${entry.parentPath}/`.startsWith(`${without}/`))) continue
        yield* file(join(entry.parentPath, entry.name))
        // So that the end of one file and the beginning of the next are never read as one text.
        yield Buffer.alloc(1)
      }
    },
  }
}

async function* file(path: string): AsyncGenerator<Buffer> {
  const opened = await open(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (opened === null) return
  try {
    const buffer = Buffer.alloc(pieceBytes)
    for (;;) {
      const { bytesRead } = await opened.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await opened.close()
  }
}

export function memory(name: string, parts: () => readonly (string | Uint8Array)[]): Place {
  return {
    name,
    async *pieces() {
      for (const part of parts()) yield Buffer.from(part)
    },
  }
}

/** Every key of a Redis database, its name and all that it holds. @throws Error for a type that this can't read: then nothing would be proven. */
export function redis(name: string, url: string): Place {
  return {
    name,
    async *pieces() {
      const client = new Redis(url, { maxRetriesPerRequest: 1 })
      // What fails is told by the command that needed it.
      client.on('error', () => undefined)
      try {
        for await (const keys of client.scanBufferStream()) {
          for (const key of keys as Buffer[]) {
            yield Buffer.concat([key, Buffer.alloc(1)])
            for (const value of await valuesOf(client, key)) yield Buffer.concat([value, Buffer.alloc(1)])
          }
        }
      } finally {
        client.disconnect()
      }
    },
  }
}

async function valuesOf(client: Redis, key: Buffer): Promise<readonly Buffer[]> {
  const type = await client.type(key)
  switch (type) {
    case 'none':
      return []
    case 'string':
      return [(await client.getBuffer(key)) ?? Buffer.alloc(0)]
    case 'list':
      return client.lrangeBuffer(key, 0, -1)
    case 'set':
      return client.smembersBuffer(key)
    case 'zset':
      return client.zrangeBuffer(key, '0', '-1')
    case 'hash':
      return Object.entries(await client.hgetallBuffer(key)).flatMap(([field, value]) => [Buffer.from(field), value])
    case 'stream':
      return (await client.xrangeBuffer(key, '-', '+')).flatMap(([id, fields]) => [id, ...fields])
    default:
      throw new Error(`a Redis key of type ${type} can't be searched`)
  }
}
