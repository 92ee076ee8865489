/** The keys of one gateway: independent and random, so that none can be computed from another. */

import type { KeyObject } from 'node:crypto'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type IndexPurpose, indexPurposes } from './blind-index.ts'
import { keyBytes, keyFromBytes, randomKey } from './data-key.ts'
import { SigningKey, signingSeedOf } from './signing-key.ts'

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

/** Keys that are used again, for what can't be had anew without them: they make nothing that counts today. */
const lastingKeys = ['audit', 'digest', 'system', 'tombstone'] as const
type LastingKey = (typeof lastingKeys)[number]

/** What is left of keys that were replaced, since somebody else may have them: they only open and recognise what is older. */
export interface FormerKeys {
  readonly replacedAt: string
  /** The last entry of the audit trail that was signed with them; of an older one the hash can't be another either. Null: there was none. */
  readonly head: { readonly seq: number; readonly hash: string } | null
  readonly keys: Readonly<Record<LastingKey, KeyringKey>>
  readonly index: Readonly<Record<IndexPurpose, KeyringKey>>
  /** The public half of what signed for auditors, in PEM. */
  readonly publicKey: string
}

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
  /** Oldest first; none until keys were replaced. */
  readonly former: readonly FormerKeys[]
}

/** Names the keys of a keyring as a whole: another one after they were replaced, the same whatever epochs there are. */
export function keySetId({ keys }: Pick<Keyring, 'keys'>): string {
  return keys.guard.id
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
    former: [],
  }
}

/**
 * All keys new and independent of these, of the same gateway. `head`: the end of the audit trail, up to which these keys are believed.
 * Epochs are not taken along: whatever still lies under one of them is wrapped anew, or lost.
 */
export function replacedKeyring(keyring: Keyring, head: FormerKeys['head'], at: Date): Keyring {
  const replacedAt = at.toISOString()
  const { keys, index } = keyring
  const publicKey = new SigningKey(keys.signing.key).publicKey
  const former = { replacedAt, head, keys: record(lastingKeys, (name) => keys[name]), index, publicKey }
  return {
    ...createKeyring(keyring),
    gatewayId: keyring.gatewayId,
    createdAt: keyring.createdAt,
    generation: keyring.generation + 1,
    epochs: [newEpoch(replacedAt)],
    former: [...keyring.former, former],
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
    former: z
      .array(
        z.strictObject({
          replacedAt: z.iso.datetime(),
          head: z.strictObject({ seq: z.int().min(1), hash: z.hex() }).nullable(),
          keys: z.strictObject(record(lastingKeys, () => storedKey)),
          index: z.strictObject(record(indexPurposes, () => storedKey)),
          publicKey: z.string(),
        }),
      )
      .default([]),
  })
  .refine((keyring) => keyring.epochs.filter((epoch) => epoch.state === 'current').length === 1)
  .refine((keyring) => {
    const all = [
      ...keyring.epochs,
      ...[keyring, ...keyring.former].flatMap(({ index, keys }) => [...Object.values(index), ...Object.values(keys)]),
    ]
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
    former: keyring.former.map((former) => ({
      ...former,
      keys: record(lastingKeys, (name) => plain(former.keys[name])),
      index: record(indexPurposes, (purpose) => plain(former.index[purpose])),
    })),
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
