/** What hangs on a carrier besides badges and rights: pictures and verification; and what the product says of itself. */
import { type Answer, type Call, carrierAsked, carrierOf, type Handlers, refuse, request } from './call.ts'
import type { Carrier } from './model.ts'
import { inner, long, type Row, rows, text } from './row.ts'
import type { Snapshot } from './snapshots.ts'

export const extraHandlers: Handlers = {
  getVersion,
  findCarrierImage: (call) => images(carrierAsked(call)),
  addCarrierImage,
  removeCarrierImage,
  findCarrierVerification: (call) => ({ Verification: carrierAsked(call).verifications }),
  changeCarrierVerification,
}

// Which release has which snapshot is not known: these are made up, and only their order means something.
const versions: Readonly<Record<Snapshot, string>> = {
  '2017': '3.4.1',
  '2021-10': '2021.2',
  '2024-05': '2023.1',
  '2024-08': '2024.1',
}

function getVersion({ simulation }: Call): Answer {
  const { snapshot } = simulation.options
  return { AeosVersion: versions[snapshot], WebServiceVersion: '1.0', WebServiceBuild: snapshot }
}

function images({ id, images }: Carrier): Row {
  const photo = images.find(({ Type }) => Type === 'Photo')
  return { CarrierId: id, AllImages: images, ...(photo === undefined ? {} : { FirstPhoto: Number(photo.Id) }) }
}

function addCarrierImage(call: Call): Answer {
  const { world, clock, quirks } = call.simulation
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const image = inner(input, 'Image')
  const [type, picture] = [text(image, 'Type'), text(image, 'Picture')]
  if (type !== 'Photo' && type !== 'Thumbnail') return refuse(call, 'Unknown picture type')
  if ((picture.length / 4) * 3 > quirks.pictureBytesMax) return refuse(call, 'Picture is too large')
  const now = clock.now()
  const Id = world.next('image')
  const kept = quirks.pictures === 'kept' ? picture : madeAnew(picture)
  carrier.images.push({ Id, Type: type, Picture: kept, ModificationDate: now, CreationDate: now })
  return images(carrier)
}

/** Another file of the same picture. */
function madeAnew(picture: string): string {
  return Buffer.concat([Buffer.from(picture, 'base64'), Buffer.from('made anew')]).toString('base64')
}

function removeCarrierImage(call: Call): Answer {
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const id = long(input, 'ImageId')
  const at = carrier.images.findIndex(({ Id }) => Id === id)
  if (at === -1) return refuse(call, 'Image not found')
  carrier.images.splice(at, 1)
  return images(carrier)
}

/** One verification for each type; its data are replaced as a whole. */
function changeCarrierVerification(call: Call): Answer {
  const { world } = call.simulation
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const type = text(input, 'Type')
  // At v33 of the manual only these two were implemented.
  if (type !== 'Pincode' && type !== 'Sagem Fingerprint') return refuse(call, 'Verification type is not supported')
  const { startEnrollment, ...verification } = input
  const data = rows(input, 'VerificationData').map((one) => ({ ...one, Id: world.next('verification') }))
  if (type === 'Pincode' && data.some(({ Value }: Row) => !/^\d+$/.test(String(Value ?? '')))) {
    return refuse(call, 'Invalid PIN code')
  }
  const others = carrier.verifications.filter(({ Type }) => Type !== type)
  carrier.verifications = [...others, { ...verification, VerificationData: data }]
  return { Verification: carrier.verifications }
}
