/** The keys of one gateway: independent and random, so that none can be computed from another. */

import type { KeyObject } from 'node:crypto'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type IndexPurpose, indexPurposes } from './blind-index.ts'
import { keyBytes, keyFromBytes, randomKey } from './data-key.ts'
import { signingSeedOf } from './signing-key.ts'

/** `demo` keyrings are refused by everything that serves real people. */
export type Stamp = 'demo' | 'production'

export interface KeyringKey {
  readonly id: string
  /** Prints and serialises as nothing. */
  readonly key: KeyObject
}

/** Wraps the data keys of persons for about 30 days; `retired` ones only unwrap. */
export interface EpochKey extends KeyringKey {
  readonly createdAt: string
  readonly state: 'current' | 'retired'
  /** When nothing living was found under it any more; from then on it waits for the backups to end. */
  readonly emptyAt: string | null
}

const soleKeys = ['guard', 'digest', 'audit', 'token', 'tombstone', 'system', 'signing'] as const
export type SoleKey = (typeof soleKeys)[number]

export interface Keyring {
  readonly gatewayId: string
  readonly stamp: Stamp
  readonly createdAt: string
  /** Counts the changes of the file, so that two copies of it can be told apart. */
  readonly generation: number
  /** Exactly one is current; the oldest comes first. */
  readonly epochs: readonly EpochKey[]
  readonly index: Readonly<Record<IndexPurpose, KeyringKey>>
  /** `system` seals rows that belong to no person; `signing` is the seed of the pair whose public half auditors have. */
  readonly keys: Readonly<Record<SoleKey, KeyringKey>>
}

export function newKey(): KeyringKey {
  return { id: randomUUID(), key: randomKey() }
}

export function newEpoch(createdAt: string): EpochKey {
  return { ...newKey(), createdAt, state: 'current', emptyAt: null }
}

/** The one that new data keys are wrapped under. @throws TypeError for a keyring without one, which no file holds. */
export function currentEpoch({ epochs }: Pick<Keyring, 'epochs'>): EpochKey {
  const current = epochs.find(({ state }) => state === 'current')
  if (current === undefined) throw new TypeError('a keyring has a current epoch')
  return current
}

function record<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>
}

/** A keyring for a new gateway, with a new gateway id. */
export function createKeyring(options: { readonly stamp: Stamp }): Keyring {
  const createdAt = new Date().toISOString()
  return {
    gatewayId: randomUUID(),
    stamp: options.stamp,
    createdAt,
    generation: 1,
    epochs: [newEpoch(createdAt)],
    index: record(indexPurposes, newKey),
    keys: record(soleKeys, newKey),
  }
}

const storedKey = z.strictObject({
  id: z.uuid(),
  key: z.base64().transform((text, context) => {
    const bytes = Buffer.from(text, 'base64')
    if (bytes.length === keyBytes) return keyFromBytes(bytes)
    context.addIssue('wrong length')
    return z.NEVER
  }),
})

const stored = z
  .strictObject({
    gatewayId: z.uuid(),
    stamp: z.enum(['demo', 'production']),
    createdAt: z.iso.datetime(),
    // The defaults are for files from before epochs were turned over.
    generation: z.int().min(1).default(1),
    epochs: z.array(
      storedKey.extend({
        createdAt: z.iso.datetime(),
        state: z.enum(['current', 'retired']),
        emptyAt: z.iso.datetime().nullable().default(null),
      }),
    ),
    index: z.strictObject(record(indexPurposes, () => storedKey)),
    keys: z
      .strictObject({ ...record(soleKeys, () => storedKey), signing: storedKey.optional() })
      .transform((keys) => ({ ...keys, signing: keys.signing ?? signingSeedOf(keys.audit) })),
  })
  .refine((keyring) => keyring.epochs.filter((epoch) => epoch.state === 'current').length === 1)
  .refine((keyring) => {
    const all = [...keyring.epochs, ...Object.values(keyring.index), ...Object.values(keyring.keys)]
    return new Set(all.map((key) => key.id)).size === all.length
  })

/** The keyring as JSON in UTF-8, with every key in the open: to be encrypted at once and wiped. */
export function keyringToBytes(keyring: Keyring): Buffer {
  const plain = <T extends KeyringKey>({ key, ...rest }: T) => {
    const bytes = key.export()
    const text = bytes.toString('base64')
    bytes.fill(0)
    return { ...rest, key: text }
  }
  const content = {
    ...keyring,
    epochs: keyring.epochs.map(plain),
    index: record(indexPurposes, (purpose) => plain(keyring.index[purpose])),
    keys: record(soleKeys, (name) => plain(keyring.keys[name])),
  }
  return Buffer.from(JSON.stringify(content), 'utf8')
}

/** The keyring in `bytes`, or null when it isn't one; the bytes are wiped. */
export function keyringFromBytes(bytes: Buffer): Keyring | null {
  try {
    return stored.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? null
  } catch {
    return null
  } finally {
    bytes.fill(0)
  }
}
