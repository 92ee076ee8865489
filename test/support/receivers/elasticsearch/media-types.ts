/** Which content types the REST API takes, and for which version of itself. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Flavour } from './flavour.ts'
import { RestError } from './refusals.ts'

const plain = /^application\/(?<kind>json|x-ndjson)(?<parameters>( *; *charset=utf-8)?)$/i
const versioned = /^application\/vnd\.elasticsearch\+(?<kind>json|x-ndjson) *; *compatible-with=(?<version>\d+)$/i

/**
 * `bulk` requests may be NDJSON, others not.
 * @throws RestError 406 for a type that it does not take, 400 for a version that it does not speak.
 */
export function checkMediaTypes(headers: IncomingHttpHeaders, hasBody: boolean, bulk: boolean, flavour: Flavour): void {
  const type = headers['content-type']
  if (hasBody) {
    const match = plain.exec(type ?? '') ?? (flavour.isElastic ? versioned.exec(type ?? '') : null)
    if (match === null || (match.groups?.kind === 'x-ndjson' && !bulk)) throw new UnsupportedMediaType(type)
  }
  if (!flavour.isElastic) return
  // The first type that the client takes is its preferred one.
  const accept = headers.accept?.split(/ *, */)[0]
  const [asked, sent] = [accept, hasBody ? type : accept].map((text) => versioned.exec(text ?? '')?.groups?.version)
  for (const [name, version, text] of [
    ['Accept', asked, accept],
    ['Content-Type', sent, type],
  ] as const) {
    if (version !== undefined && ![flavour.major, flavour.major - 1].includes(Number(version)))
      throw wrongVersion(
        `${name} version must be either version ${flavour.major} or ${flavour.major - 1}, but found ${version}. ${name}=${text}`,
      )
  }
  if (asked !== sent)
    throw wrongVersion(
      `A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version and the compatible version must match. Accept=${accept}, Content-Type=${type}`,
    )
}

/** Its body has no type, only a sentence. */
export class UnsupportedMediaType extends Error {
  constructor(type: string | undefined) {
    super(type === undefined ? 'Content-Type header is missing' : `Content-Type header [${type}] is not supported`)
  }
}

function wrongVersion(reason: string): RestError {
  const cause = { caused_by: { type: 'status_exception', reason } }
  return new RestError(
    400,
    'media_type_header_exception',
    'Invalid media-type value on headers [Accept, Content-Type]',
    cause,
  )
}
