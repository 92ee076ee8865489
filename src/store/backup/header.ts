/** The first line of a backup, the only one in clear: whose it is, when it was made, and the wrapped key that opens the rest. */
import { z } from 'zod'
import type { KeyId } from '../../model/id.ts'
import { parseJson } from '../../model/parse-json.ts'
import type { WrappedKey } from '../../vault/vault.ts'
import { BackupError } from './backup-error.ts'

const format = 1

const stored = z.strictObject({
  gatehouse: z.literal('backup'),
  format: z.literal(format),
  gateway: z.uuid(),
  madeAt: z.iso.datetime(),
  /** The migrations that made the schema, in order. */
  schema: z.array(z.string().max(100)).min(1),
  key: z.strictObject({ id: z.uuid(), epoch: z.uuid(), wrapped: z.base64() }),
})
const newer = z.object({ gatehouse: z.literal('backup'), format: z.int().min(format + 1) })

export interface BackupHeader {
  readonly gateway: string
  readonly madeAt: string
  readonly schema: readonly string[]
  readonly key: WrappedKey
}

/** Longer than any header is; what has no line end until then is no backup. */
export const headerBytesMax = 64 * 1024

/** With its line end. */
export function encodeHeader({ gateway, madeAt, schema, key }: BackupHeader): Buffer {
  const { id, epoch, wrapped } = key
  const text = {
    gatehouse: 'backup',
    format,
    gateway,
    madeAt,
    schema,
    key: { id, epoch, wrapped: wrapped.toString('base64') },
  }
  return Buffer.from(`${JSON.stringify(text)}\n`)
}

/** @throws BackupError `backup.not-a-backup`, `backup.newer`. */
export function decodeHeader(line: Buffer): BackupHeader {
  const json = parseJson(line.toString('utf8'))
  const found = stored.safeParse(json).data
  if (found === undefined) throw new BackupError(newer.safeParse(json).success ? 'backup.newer' : 'backup.not-a-backup')
  const { key, ...header } = found
  return { ...header, key: { id: key.id as KeyId, epoch: key.epoch, wrapped: Buffer.from(key.wrapped, 'base64') } }
}
