/** Fetches the picture of a person from the source that names it, holds it to its digest, and keeps it nowhere. */
import { ConnectorError } from '../connector/errors.ts'
import type { PersonId } from '../model/id.ts'
import { isPicture, parsePhoto, photoBytesMax, pictureDigest } from '../model/photo.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'

/** Longer than any source may take: whoever waits for it holds an account, and one of the places where accounts are written. */
const longestMs = 10_000

/**
 * The bytes of the picture with this SHA-256. Gives up as soon as the signal says so, whatever the source does.
 * @throws ConnectorError `conflict` when no source has it any more: its next delivery tells what it has now; `rejected` for what is no
 *   picture or too large; whatever the source throws.
 */
export async function fetchPhoto(
  context: SyncContext,
  person: PersonId,
  sha256: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const named = await namedBy(context, person, sha256)
  if (named.length === 0) throw failure('conflict', 'photo.no-source')
  let failed: unknown
  for (const { source, reference } of named) {
    try {
      return checked(await ask(context, source, reference, signal), sha256)
    } catch (error) {
      signal.throwIfAborted()
      failed = error
    }
  }
  throw failed
}

async function namedBy({ database, vault }: SyncContext, person: PersonId, sha256: string) {
  const { dossiers } = await inTransaction(database.pool, (client) =>
    loadDossiers(client, vault, [person], { lock: false }),
  )
  return (dossiers.get(person)?.records ?? []).flatMap(({ row, record }) => {
    const ref = parsePhoto(record.fields.photo ?? '')
    return ref?.sha256 === sha256 ? [{ source: row.source, reference: ref.reference }] : []
  })
}

async function ask(
  { photoSource }: SyncContext,
  source: string,
  reference: string,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const photo = photoSource(source)
  if (photo === undefined) throw failure('conflict', 'photo.no-source')
  const limit = AbortSignal.timeout(longestMs)
  const ending = AbortSignal.any([signal, limit])
  ending.throwIfAborted()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const onEnd = () => reject(limit.aborted ? failure('transient', 'photo.too-slow') : ending.reason)
  ending.addEventListener('abort', onEnd, { once: true })
  try {
    return await Promise.race([photo(reference, ending), ended])
  } catch (thrown) {
    if (signal.aborted || thrown instanceof ConnectorError) throw thrown
    throw new ConnectorError({ kind: 'transient', code: 'engine.unexpected', cause: thrown })
  } finally {
    ending.removeEventListener('abort', onEnd)
  }
}

function checked(bytes: Buffer | null, sha256: string): Buffer {
  if (bytes === null) throw failure('conflict', 'photo.missing')
  if (bytes.length > photoBytesMax) throw failure('rejected', 'photo.too-large')
  if (pictureDigest(bytes) !== sha256) throw failure('conflict', 'photo.changed')
  if (!isPicture(bytes)) throw failure('rejected', 'photo.no-picture')
  return bytes
}

function failure(kind: ConnectorError['kind'], code: string): ConnectorError {
  return new ConnectorError({ kind, code })
}
