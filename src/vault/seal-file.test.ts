import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyring } from './keyring.ts'
import { frameBytes } from './seal-file.ts'
import { openVault, type WrappedKey } from './vault.ts'
import { VaultError } from './vault-error.ts'

const keyring = createKeyring({ stamp: 'demo' })
const vault = openVault(keyring)
const textBytes = 64 * 1024

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  // One buffer for all, as a reader of files has it: whoever keeps a chunk instead of its bytes is found out.
  const shared = Buffer.alloc(Math.max(...sizes, 1))
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.min(sizes[turn % sizes.length] ?? 1, bytes.length - at)
    bytes.copy(shared, 0, at, at + size)
    yield shared.subarray(0, size)
    shared.fill(0)
    at += size
  }
}

async function joined(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const each of content) all.push(each)
  return Buffer.concat(all)
}

interface SealedFile {
  readonly row: WrappedKey
  readonly bytes: Buffer
}

async function sealed(content: Buffer, sizes: readonly number[] = [10_000]): Promise<SealedFile> {
  const file = vault.sealFile(chunked(content, sizes))
  return { row: file.row, bytes: await joined(file.sealed) }
}

async function opened(row: WrappedKey, bytes: Buffer, sizes: readonly number[] = [10_000]): Promise<Buffer> {
  return joined(vault.openFile(row, chunked(bytes, sizes)))
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
  return 'no error'
}

function frames({ bytes }: SealedFile): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / frameBytes) }, (_, i) =>
    bytes.subarray(i * frameBytes, (i + 1) * frameBytes),
  )
}

/** Content whose bytes differ from place to place, so that no frame equals another. */
function content(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 17 + (at >> 16)) & 0xff))
}

describe('a sealed file', () => {
  test('comes back as it went in, whatever the sizes of the chunks that it is read in', async () => {
    const edges = [0, 1, textBytes - 1, textBytes, textBytes + 1, 2 * textBytes, 3 * textBytes + 5]
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom(textBytes, frameBytes)), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...edges), fc.nat(200_000)),
        sizes.filter((all) => Math.max(...all) > 500),
        sizes.filter((all) => Math.max(...all) > 500),
        async (length, into, outOf) => {
          const plain = content(length)
          const file = await sealed(plain, into)
          expect((await opened(file.row, file.bytes, outOf)).equals(plain)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('is 17 bytes longer for each 64 KiB, shows nothing of its content, and never looks the same twice', async () => {
    const plain = Buffer.from('Zelda Samplewoman;'.repeat(10_000))
    const [one, other] = [await sealed(plain), await sealed(plain)]
    expect(one.bytes.length).toBe(plain.length + 3 * 17)
    expect(one.bytes.includes('Zelda')).toBe(false)
    expect(one.bytes.equals(other.bytes)).toBe(false)
    expect((await sealed(Buffer.alloc(0))).bytes.length).toBe(17)
  })

  test('fails when it is cut off at any byte', async () => {
    const short = await sealed(content(100))
    for (let length = 0; length < short.bytes.length; length += 1) {
      expect(await codeOf(() => opened(short.row, short.bytes.subarray(0, length)))).toBe('vault.open-failed')
    }
    const long = await sealed(content(2 * textBytes + 9))
    const borders = [0, 1, 2].flatMap((count) => [-1, 0, 1, 17].map((more) => count * frameBytes + more))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constantFrom(...borders), fc.nat(long.bytes.length - 1)), async (length) => {
        const cut = long.bytes.subarray(0, Math.max(0, length))
        expect(await codeOf(() => opened(long.row, cut, [frameBytes]))).toBe('vault.open-failed')
      }),
    )
  })

  test('fails when a file that ends with a full frame loses it, or gains anything', async () => {
    const file = await sealed(content(2 * textBytes))
    expect(file.bytes.length).toBe(2 * frameBytes)
    const tail = frames(await sealed(Buffer.alloc(0)))[0] ?? Buffer.alloc(0)
    for (const bytes of [
      file.bytes.subarray(0, frameBytes),
      Buffer.concat([file.bytes, Buffer.of(0)]),
      Buffer.concat([file.bytes, tail]),
      Buffer.concat([file.bytes, file.bytes]),
    ]) {
      expect(await codeOf(() => opened(file.row, bytes))).toBe('vault.open-failed')
    }
  })

  test('fails after any single bit was flipped, in whatever part', async () => {
    const file = await sealed(content(textBytes + 40))
    const nearBorder = fc.integer({ min: (frameBytes - 20) * 8, max: (frameBytes + 60) * 8 })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat(file.bytes.length * 8 - 1),
          nearBorder.map((bit) => bit % (file.bytes.length * 8)),
        ),
        async (bit) => {
          const flipped = Buffer.from(file.bytes)
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          expect(await codeOf(() => opened(file.row, flipped))).toBe('vault.open-failed')
        },
      ),
      { numRuns: 200 },
    )
  })

  test('fails when frames change places, go missing, come twice, or come from another file', async () => {
    const [file, other] = [await sealed(content(3 * textBytes + 7)), await sealed(content(3 * textBytes + 7))]
    const own = frames(file)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { minLength: 1, maxLength: 5 }), async (picks) => {
        const mixed = Buffer.concat(
          picks.map(([foreign, i]) => (foreign ? frames(other)[i] : own[i]) ?? Buffer.alloc(0)),
        )
        fc.pre(!mixed.equals(file.bytes))
        expect(await codeOf(() => opened(file.row, mixed))).toBe('vault.open-failed')
      }),
      { numRuns: 100 },
    )
  })

  test('opens with its own key row only, unchanged, in its own gateway', async () => {
    const [file, other] = [await sealed(content(50)), await sealed(content(50))]
    expect(await codeOf(() => opened(other.row, file.bytes))).toBe('vault.open-failed')
    const renamed = { ...file.row, id: other.row.id }
    expect(await codeOf(() => opened(renamed, file.bytes))).toBe('vault.unwrap-failed')
    expect(await codeOf(() => opened({ ...file.row, epoch: 'destroyed' }, file.bytes))).toBe('vault.unwrap-failed')
    const elsewhere = openVault(createKeyring({ stamp: 'demo' }))
    expect(await codeOf(() => joined(elsewhere.openFile(file.row, chunked(file.bytes, [99]))))).toBe(
      'vault.unwrap-failed',
    )
    const namesake = openVault({ ...keyring, gatewayId: '0b0f3a9e-6a3f-4f0c-9d5e-000000000009' })
    expect(await codeOf(() => joined(namesake.openFile(file.row, chunked(file.bytes, [99]))))).toBe(
      'vault.unwrap-failed',
    )
  })

  test('has a key that is of no use as that of a person, nor the other way round', async () => {
    const file = await sealed(content(50))
    expect(await codeOf(async () => vault.unwrap(file.row))).toBe('vault.unwrap-failed')
    const { key: _key, ...person } = vault.newDataKey()
    expect(await codeOf(() => opened(person, file.bytes))).toBe('vault.unwrap-failed')
  })

  test('passes on what its source fails with, and asks for no more than it has passed on', async () => {
    let asked = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        asked += 1
        yield content(10_000)
      }
    }
    const iterator = vault.sealFile(endless()).sealed[Symbol.asyncIterator]()
    await iterator.next()
    // One frame of 64 KiB is six chunks and a part; the seventh tells that it is not the last.
    expect(asked).toBe(7)
    await iterator.return?.()
    async function* failing(): AsyncGenerator<Buffer> {
      yield content(10)
      throw new Error('the disk is gone')
    }
    await expect(joined(vault.sealFile(failing()).sealed)).rejects.toThrow('the disk is gone')
  })
})
