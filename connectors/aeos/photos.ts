/** The photo of a carrier: which one AEOS shows, by its digest, and another put in its place. */
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { pictureDigest } from '../../src/model/photo.ts'
import type { Client } from './soap/client.ts'
import { isNotFound } from './soap/errors.ts'
import type { Images } from './soap/records.ts'

/** Besides thumbnails, which no document explains and which are left alone. */
const photoType = 'Photo'

type Image = Images['AllImages'][number]

function photosOf({ AllImages }: Images): readonly Image[] {
  return AllImages.filter(({ Type }) => Type === photoType)
}

/** The first photo is the one that a find shows. */
export function firstPhoto(images: Images): Buffer | null {
  const photos = photosOf(images)
  const first = photos.find(({ Id }) => Id !== undefined && Id === images.FirstPhoto) ?? photos[0]
  return first === undefined ? null : bytesOf(first)
}

/** SHA-256 of the first photo; null: there is none. Undefined: our user is not shown it. @throws ConnectorError when AEOS could not be asked. */
export async function photoShown(
  client: Client,
  carrierId: string,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  try {
    const photo = firstPhoto(await client.images(carrierId, signal))
    return photo === null ? null : pictureDigest(photo)
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'rejected' || isNotFound(error)) throw error
    return undefined
  }
}

/**
 * The new one is there before the others go: a photo that AEOS refuses leaves the old one. One that it has already is not sent again, so that an
 * order that was broken off is brought to its end.
 */
export async function putPhoto(
  client: Client,
  carrierId: string,
  photo: Buffer | null,
  signal: AbortSignal,
): Promise<'applied'> {
  const before = photosOf(await client.images(carrierId, signal))
  const same = photo === null ? undefined : before.find((image) => bytesOf(image).equals(photo))
  if (photo !== null && same === undefined)
    await client.addImage(carrierId, { Type: photoType, Picture: photo.toString('base64') }, signal)
  const others = before.flatMap(({ Id }) => (Id === undefined || Id === same?.Id ? [] : [Id]))
  await allDone(others.map((id) => client.removeImage(carrierId, id, signal)))
  return 'applied'
}

function bytesOf({ Picture = '' }: Image): Buffer {
  return Buffer.from(Picture, 'base64')
}
