/** The only door to the keys: seals, opens, guards and digests, and lets no key out. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { type KeyId, newId } from '../model/id.ts'
import { digest, type IndexPurpose, index, indexPurposes } from './blind-index.ts'
import type { GuardValue, Place } from './canonical.ts'
import { DataKey, randomKey } from './data-key.ts'
import { carriedName, carriedOver, olderDigests } from './former.ts'
import { guard, verifyGuard } from './guard.ts'
import { KeyCache, type WrappedKey } from './key-cache.ts'
import { currentEpoch, type FormerKeys, type Keyring, keySetId, type Stamp } from './keyring.ts'
import type { KeyringSource } from './living-keyring.ts'
import { MacKey } from './mac-key.ts'
import { open, type Sealed, seal, sealUnnamed } from './seal.ts'
import { openFrames, sealFrames } from './seal-file.ts'
import { publicKeyId, SigningKey } from './signing-key.ts'
import { tombstone } from './tombstone.ts'
import { VaultError } from './vault-error.ts'
import { type KeyUse, unwrap, wrap, wrappedBytes } from './wrap.ts'

export type { DataKey, GuardValue, IndexPurpose, Place, Sealed, SigningKey, WrappedKey }

export interface Vault {
  readonly gatewayId: string
  readonly stamp: Stamp

  /** A new key for one person, wrapped under the current epoch; the row for `person_key`, and the key to seal with. */
  newDataKey(): WrappedKey & { readonly key: DataKey }
  /**
   * @throws VaultError `vault.unwrap-failed` for a row that was changed, or whose epoch was destroyed; what reading the keyring file
   * throws when the row names an epoch that is not known yet: see `isRowFault`.
   */
  unwrap(row: WrappedKey): DataKey
  /** The keys that sealed about the same person before keys were replaced, newest first; for opening what is not sealed anew. @throws as `unwrap`. */
  unwrapFormer(row: WrappedKey): readonly DataKey[]
  /** A new key of the same id, with these as former ones: the row to store instead. */
  replaceKey(former: readonly [DataKey, ...DataKey[]]): WrappedKey & { readonly former: Buffer }
  /** A file's own key, and the same under the epoch in use now: for handing it from one keyring to the next. */
  unwrapFile(row: WrappedKey): DataKey
  wrapFile(key: DataKey): WrappedKey
  /** The same keys under the epoch in use now: the row to store instead. @throws VaultError `vault.unwrap-failed` as above. */
  rewrap(use: KeyUse, row: WrappedKey): WrappedKey
  /** Drops a key from memory: part of erasure, in every process that may hold it. */
  forget(id: KeyId): void

  /** @throws VaultError `vault.malformed-text`, `vault.bad-version`. */
  seal(key: DataKey, place: Place, text: string): Sealed
  /** As `seal`, and nothing shows which key it was: for what must not be known to be the same person's. Who opens it learns the key elsewhere. */
  sealUnnamed(key: DataKey, place: Place, text: string): Sealed
  /** Of either kind. @throws VaultError `vault.open-failed`, whatever the reason. */
  open(key: DataKey, place: Place, sealed: Buffer): string
  /** For rows that belong to no person. */
  sealSystem(place: Place, text: string): Sealed
  openSystem(place: Place, sealed: Buffer): string
  /** What was sealed so before keys were replaced. @throws VaultError `vault.open-failed`. */
  openFormerSystem(place: Place, sealed: Buffer): string

  /**
   * Seals a file, as its bytes come, under a new key of its own that nothing else holds: `row` has it wrapped under the current
   * epoch, and the file is named by its id. Deleting the row makes every copy of the file unreadable.
   */
  sealFile(content: AsyncIterable<Buffer>): { readonly row: WrappedKey; readonly sealed: AsyncIterable<Buffer> }
  /**
   * Each piece was proven to be that of its place in this file; only the end of the iteration proves that the file is whole.
   * @throws VaultError `vault.unwrap-failed` for the row, `vault.open-failed` in the iteration.
   */
  openFile(row: WrappedKey, sealed: AsyncIterable<Buffer>): AsyncIterable<Buffer>

  /** HMAC over the deciding columns of a row, its id among them; 32 bytes. */
  guard(table: string, values: readonly GuardValue[]): Buffer
  /** In constant time; false for anything but the values that were guarded. */
  verifyGuard(table: string, values: readonly GuardValue[], guard: Buffer): boolean

  /** Keyed digest to look a unique identifier up by; 16 bytes. The caller normalises `value` and confirms each hit. */
  index(purpose: IndexPurpose, value: string): Buffer
  /** Keyed content hash; 32 bytes. */
  digest(purpose: string, parts: readonly GuardValue[]): Buffer
  /** What `digest`, or `index`, gave before keys were replaced, as the store holds it since; empty in a gateway whose keys never were. */
  olderDigests(purpose: string, parts: readonly GuardValue[]): readonly Buffer[]
  olderIndexes(purpose: IndexPurpose, value: string): readonly Buffer[]
  /** What `digest` gave under each of the keys before, oldest first: for rows that were left as they were when keys were replaced. */
  formerDigests(purpose: string, parts: readonly GuardValue[]): readonly Buffer[]
  /** What tokens and sessions are looked up by; 32 bytes. */
  tokenMac(secret: string): Buffer
  /** Signs an audit entry; 32 bytes. */
  auditMac(parts: readonly GuardValue[]): Buffer
  /** In constant time. */
  verifyAuditMac(parts: readonly GuardValue[], mac: Buffer): boolean
  /**
   * As `verifyAuditMac`, of what stands at this place of the trail: up to where keys were replaced it counts what they signed, and nothing
   * after. `hash` is that of the entry: at that very place only the one that was there then is right.
   */
  verifyAuditEntry(seq: number, hash: Buffer, parts: readonly GuardValue[], mac: Buffer): boolean
  /** Signs for readers who hold the public key and no secret; see `src/audit/signed-line.ts`. */
  readonly signing: SigningKey
  /** Public keys, in PEM, of what signed before; oldest first. */
  readonly formerPublicKeys: readonly { readonly id: string; readonly publicKey: string; readonly until: string }[]
  /** What remains of an erased identifier; 32 bytes. */
  tombstone(purpose: IndexPurpose, value: string): Buffer
  olderTombstones(purpose: IndexPurpose, value: string): readonly Buffer[]

  /** Names these keys as a whole; see `keySetId`. */
  readonly keySet: string
  /** What is to stand in the place of a digest of the keys before these; `olderDigests` and the like find it again. */
  readonly carryOver: {
    digest(digest: Buffer): Buffer
    index(purpose: IndexPurpose, digest: Buffer): Buffer
    tombstone(digest: Buffer): Buffer
    /** A short keyed name; equal ones stay equal, and none is that of a value. */
    name(name: string): string
  }
}

export interface VaultOptions {
  /** How many data keys stay unwrapped in memory; 20,000 take about 40 MB. */
  readonly cachedKeysMax?: number
}

/**
 * All but files is synchronous. The keyring stays usable: a vault shares its keys. Given a source, the vault follows it: other keys
 * there are the keys of the very next call, and one that is missing here is looked for there before anything fails for want of it.
 */
export function openVault(from: Keyring | KeyringSource, options: VaultOptions = {}): Vault {
  const source = 'current' in from ? from : { current: from, refresh: () => false }
  const { gatewayId, stamp } = source.current
  const cache = new KeyCache(options.cachedKeysMax ?? 20_000)
  let known = keysOf(source.current)
  const keys = (): Keys => {
    if (known.of === source.current) return known
    const next = keysOf(source.current)
    // What was wrapped under a destroyed key must not open from memory either.
    if ([...known.epochs.keys()].some((id) => !next.epochs.has(id))) cache.clear()
    known = next
    return known
  }
  const epochOf = (id: string): DataKey => {
    const epoch = keys().epochs.get(id) ?? (source.refresh() ? keys().epochs.get(id) : undefined)
    if (epoch === undefined) throw new VaultError('vault.unwrap-failed')
    return epoch
  }
  const wrapped = (use: KeyUse, key: DataKey): WrappedKey => {
    const { currentEpoch } = keys()
    return { id: key.id, epoch: currentEpoch.id, wrapped: wrap(gatewayId, currentEpoch, use, key) }
  }
  const newKey = (use: KeyUse): WrappedKey & { readonly key: DataKey } => {
    const key = new DataKey(newId<KeyId>(), randomKey())
    return { ...wrapped(use, key), key }
  }
  const unwrapAs = (use: KeyUse, row: WrappedKey): DataKey =>
    unwrap(gatewayId, epochOf(row.epoch), use, row.id, row.wrapped)

  const unwrapFormer = (row: WrappedKey): readonly DataKey[] => {
    const wraps = row.former ?? Buffer.alloc(0)
    return Array.from({ length: Math.ceil(wraps.length / wrappedBytes) }, (_, i) => {
      const one = wraps.subarray(i * wrappedBytes, (i + 1) * wrappedBytes)
      return unwrapAs('former-key', { ...row, wrapped: one })
    })
  }
  const wrappedFormer = (former: readonly DataKey[]): Buffer =>
    Buffer.concat(former.map((key) => wrapped('former-key', key).wrapped))

  return {
    gatewayId,
    stamp,
    get keySet() {
      return keySetId(keys().of)
    },
    // Not cached: an import of a hundred thousand people would only push out the keys that are in use.
    newDataKey: () => newKey('data-key'),
    unwrap(row) {
      // Asked for first: what becomes of the cache when keys change is decided there.
      keys()
      const cached = cache.get(row)
      if (cached !== undefined) return cached
      const key = unwrapAs('data-key', row)
      cache.put(row, key)
      return key
    },
    unwrapFormer,
    replaceKey([newest, ...older]) {
      const key = new DataKey(newest.id, randomKey())
      return { ...wrapped('data-key', key), former: wrappedFormer([newest, ...older]) }
    },
    unwrapFile: (row) => unwrapAs('file-key', row),
    wrapFile: (key) => wrapped('file-key', key),
    rewrap(use, row) {
      const former = unwrapFormer(row)
      return {
        ...wrapped(use, unwrapAs(use, row)),
        ...(former.length === 0 ? {} : { former: wrappedFormer(former) }),
      }
    },
    forget: (id) => cache.delete(id),
    seal: (key, place, text) => seal(gatewayId, key, place, text),
    sealUnnamed: (key, place, text) => sealUnnamed(gatewayId, key, place, text),
    open: (key, place, sealed) => open(gatewayId, key, place, sealed),
    sealSystem: (place, text) => seal(gatewayId, keys().system, place, text),
    openSystem: (place, sealed) => open(gatewayId, keys().system, place, sealed),
    openFormerSystem(place, sealed) {
      for (const { system } of keys().former) {
        if (system.fingerprint.compare(sealed, 1, 1 + system.fingerprint.length) === 0)
          return open(gatewayId, system, place, sealed)
      }
      throw new VaultError('vault.open-failed')
    },
    // Never cached: a file is read once in a long while, and its key must be gone when its row is.
    sealFile(content) {
      const { key, ...row } = newKey('file-key')
      return { row, sealed: sealFrames(gatewayId, key, content) }
    },
    openFile: (row, sealed) => openFrames(gatewayId, unwrapAs('file-key', row), sealed),
    guard: (table, values) => guard(keys().mac.guard, table, values),
    verifyGuard: (table, values, expected) => verifyGuard(keys().mac.guard, table, values, expected),
    index: (purpose, value) => index(keys().index[purpose], purpose, value),
    digest: (purpose, parts) => digest(keys().mac.digest, purpose, parts),
    olderDigests: (purpose, parts) => olderDigests(keys().lines.digest, (key) => digest(key, purpose, parts)),
    olderIndexes: (purpose, value) => olderDigests(keys().lines.index[purpose], (key) => index(key, purpose, value)),
    formerDigests: (purpose, parts) =>
      keys()
        .lines.digest.slice(0, -1)
        .map((key) => digest(key, purpose, parts)),
    tokenMac: (secret) => digest(keys().mac.token, 'token', [secret]),
    auditMac: (parts) => digest(keys().mac.audit, 'audit', parts),
    verifyAuditMac: (parts, expected) => verifyGuard(keys().mac.audit, 'audit', parts, expected),
    verifyAuditEntry(seq, hash, parts, mac) {
      const former = keys().former.find(({ head }) => head !== null && seq <= head.seq)
      if (former?.head?.seq === seq && former.head.hash !== hash.toString('hex')) return false
      return verifyGuard(former?.audit ?? keys().mac.audit, 'audit', parts, mac)
    },
    get formerPublicKeys() {
      return keys().of.former.map(({ publicKey, replacedAt: until }) => ({
        ...{ id: publicKeyId(createPublicKey(publicKey)), publicKey, until },
      }))
    },
    get signing() {
      return keys().signing
    },
    tombstone: (purpose, value) => tombstone(keys().mac.tombstone, purpose, value),
    olderTombstones: (purpose, value) => olderDigests(keys().lines.tombstone, (key) => tombstone(key, purpose, value)),
    carryOver: {
      digest: (before) => carriedOver(keys().mac.digest, before),
      index: (purpose, before) => carriedOver(keys().index[purpose], before),
      tombstone: (before) => carriedOver(keys().mac.tombstone, before),
      name: (before) => carriedName(keys().mac.digest, before),
    },
  }
}

/** The keys of one state of the keyring, ready for use. */
interface Keys {
  readonly of: Keyring
  readonly epochs: ReadonlyMap<string, DataKey>
  readonly currentEpoch: DataKey
  readonly system: DataKey
  readonly signing: SigningKey
  readonly mac: Readonly<Record<'guard' | 'digest' | 'audit' | 'token' | 'tombstone', MacKey>>
  readonly index: Readonly<Record<IndexPurpose, MacKey>>
  /** Oldest first. */
  readonly former: readonly {
    readonly head: FormerKeys['head']
    readonly audit: MacKey
    readonly system: DataKey
  }[]
  /** Former keys of a purpose, oldest first, and the one in use. */
  readonly lines: {
    readonly digest: readonly MacKey[]
    readonly tombstone: readonly MacKey[]
    readonly index: Readonly<Record<IndexPurpose, readonly MacKey[]>>
  }
}

function keysOf(keyring: Keyring): Keys {
  const epochs = new Map(keyring.epochs.map((epoch) => [epoch.id, toDataKey(epoch)]))
  const mac = macKeys(keyring.keys, ['guard', 'digest', 'audit', 'token', 'tombstone'])
  const byIndex = macKeys(keyring.index, indexPurposes)
  const { former } = keyring
  const line = (of: (keys: FormerKeys) => { readonly key: KeyObject }, current: MacKey): readonly MacKey[] => [
    ...former.map((keys) => new MacKey(of(keys).key)),
    current,
  ]
  return {
    of: keyring,
    epochs,
    currentEpoch: toDataKey(currentEpoch(keyring)),
    system: toDataKey(keyring.keys.system),
    signing: new SigningKey(keyring.keys.signing.key),
    mac,
    index: byIndex,
    former: former.map(({ head, keys }) => ({
      head,
      audit: new MacKey(keys.audit.key),
      system: toDataKey(keys.system),
    })),
    lines: {
      digest: line(({ keys }) => keys.digest, mac.digest),
      tombstone: line(({ keys }) => keys.tombstone, mac.tombstone),
      index: Object.fromEntries(
        indexPurposes.map((purpose) => [purpose, line(({ index }) => index[purpose], byIndex[purpose])]),
      ) as Record<IndexPurpose, readonly MacKey[]>,
    },
  }
}

function macKeys<Name extends string>(
  keys: Readonly<Record<Name, { readonly key: KeyObject }>>,
  names: readonly Name[],
): Record<Name, MacKey> {
  return Object.fromEntries(names.map((name) => [name, new MacKey(keys[name].key)])) as Record<Name, MacKey>
}

function toDataKey({ id, key }: { readonly id: string; readonly key: KeyObject }): DataKey {
  return new DataKey(id as KeyId, key)
}
