/** The journal of erasures: a file beside the keyring, outside the database and its backups, so that no restored backup brings anybody back. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { KeyId, PersonId } from '../model/id.ts'
import { parseJson } from '../model/parse-json.ts'
import { flushFolderOf, isPrivate, writePrivateFile } from '../vault/private-file.ts'
import type { Vault } from '../vault/vault.ts'
import { VaultError } from '../vault/vault-error.ts'
import type { Tombstone } from './erasures.ts'

/** Somebody who is to stay erased. */
export interface JournalledErasure {
  readonly erasure: string
  readonly person: PersonId
  readonly key: KeyId
  readonly at: Date
  readonly tombstones: readonly Tombstone[]
}

export interface Journal {
  readonly erased: readonly JournalledErasure[]
  /** Erasures whose identifiers a person allowed again. */
  readonly lifted: ReadonlySet<string>
  /** Lines that are not as they were written. */
  readonly forged: number
}

const signed = { at: z.iso.datetime(), mac: z.hex() }
const line = z.union([
  z.strictObject({
    erasure: z.uuid(),
    person: z.uuid(),
    key: z.uuid(),
    tombstones: z.array(z.tuple([z.string(), z.hex()])),
    ...signed,
  }),
  z.strictObject({ lifted: z.uuid(), ...signed }),
])

/** Safe on disk when it returns. @throws VaultError `vault.file-unsafe`, `vault.file-not-written`. */
export function journalErasure(path: string, vault: Vault, entry: JournalledErasure): void {
  const { erasure, person, key, at, tombstones } = entry
  const traces = tombstones.map(({ purpose, digest }) => [purpose, digest.toString('hex')])
  append(path, vault, { erasure, person, key, tombstones: traces, at: at.toISOString() })
}

/** As `journalErasure`. */
export function journalLift(path: string, vault: Vault, erasure: string, at: Date): void {
  append(path, vault, { lifted: erasure, at: at.toISOString() })
}

function signedLine(vault: Vault, content: Readonly<Record<string, unknown>>): string {
  const mac = vault.auditMac(['erasure-journal', JSON.stringify(content)]).toString('hex')
  return JSON.stringify({ ...content, mac })
}

/**
 * The journal as it is to be under the next keys, written whole to `to`. A line that was not ours stays as it is, and so stays none of ours.
 * @throws VaultError `vault.file-not-written`; the system's error for a journal that can't be read.
 */
export function rewriteJournal(path: string, to: string, old: Vault, next: Vault): void {
  const lines = readLines(path).flatMap((text) => {
    const value = parseJson(text)
    if (value === undefined) return []
    const entry = openEntry(old, value)
    if (entry === null) return [text]
    const { mac: _, ...content } = entry
    if ('lifted' in content) return [signedLine(next, content)]
    const tombstones = content.tombstones.map(([purpose, digest]) => [
      purpose,
      next.carryOver.tombstone(Buffer.from(digest, 'hex')).toString('hex'),
    ])
    return [signedLine(next, { ...content, tombstones })]
  })
  writePrivateFile(to, lines.map((text) => `${text}\n`).join(''), { replace: true })
}

function append(path: string, vault: Vault, content: Readonly<Record<string, unknown>>): void {
  const line = signedLine(vault, content)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
    try {
      const stats = fstatSync(file)
      if (!isPrivate({ ...stats, isFile: () => stats.isFile(), size: 0 }, 'owner', process.getuid?.()))
        throw new VaultError('vault.file-unsafe', path)
      // A line that a crash cut off is left to itself.
      const start = stats.size === 0 || lastByte(file, stats.size) === newline ? '' : '\n'
      const bytes = Buffer.from(`${start}${line}\n`)
      if (writeSync(file, bytes) !== bytes.length) throw new VaultError('vault.file-not-written', path)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    flushFolderOf(path)
  } catch (error) {
    if (error instanceof VaultError) throw error
    throw new VaultError('vault.file-not-written', path)
  }
}

const newline = 0x0a

function lastByte(file: number, size: number): number | undefined {
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, size - 1)
  return byte[0]
}

/** Everything in it, in one piece: a line is half a kilobyte. Nothing when there is no file. @throws the system's error for one that can't be read. */
export function readJournal(path: string, vault: Vault): Journal {
  const erased = new Map<string, JournalledErasure>()
  const lifted = new Set<string>()
  let forged = 0
  for (const each of readLines(path)) {
    const value = parseJson(each)
    // Empty, or cut off by a crash: then nothing came of it.
    if (value === undefined) continue
    const entry = openEntry(vault, value)
    if (entry === null) forged += 1
    else if ('lifted' in entry) lifted.add(entry.lifted)
    else {
      const { erasure, person, key, at, tombstones } = entry
      erased.set(erasure, {
        erasure,
        person: person as PersonId,
        key: key as KeyId,
        at: new Date(at),
        tombstones: tombstones.map(([purpose, digest]) => ({ purpose, digest: Buffer.from(digest, 'hex') })),
      })
    }
  }
  return { erased: [...erased.values()], lifted, forged }
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return []
  }
}

function openEntry(vault: Vault, value: unknown): z.output<typeof line> | null {
  const entry = line.safeParse(value).data
  if (entry === undefined) return null
  const { mac, ...content } = entry
  const isOurs = vault.verifyAuditMac(['erasure-journal', JSON.stringify(content)], Buffer.from(mac, 'hex'))
  return isOurs ? entry : null
}
