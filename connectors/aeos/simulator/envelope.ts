/** SOAP 1.1 envelopes: what a request must look like before anybody looks into its body, and what is wrapped around an answer. */
import { XmlDocument, XmlElement, XmlParseError } from 'libxml2-wasm'
import { wsdlNamespace } from './wsdl.ts'
import { escapeText } from './xml-write.ts'
import { schemaNamespace } from './xsd.ts'

const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/'

/** A request that is no SOAP message of this service. */
export class EnvelopeError extends Error {
  readonly faultCode: 'Client' | 'MustUnderstand' | 'VersionMismatch'

  constructor(message: string, faultCode: 'Client' | 'MustUnderstand' | 'VersionMismatch' = 'Client') {
    super(message)
    this.faultCode = faultCode
  }
}

/** Parses a message and hands on the one element of its body; the document is gone afterwards. */
export function withBody<T>(message: Buffer, use: (root: XmlElement) => T): T {
  using document = parse(message)
  if (document.dtd !== null) throw new EnvelopeError('a document type is not allowed')
  const envelope = document.root
  if (envelope.name !== 'Envelope') throw new EnvelopeError('the root element is no Envelope')
  if (envelope.namespaceUri !== envelopeNamespace) throw new EnvelopeError('not SOAP 1.1', 'VersionMismatch')
  const parts = children(envelope)
  const header = parts.find(({ name }) => name === 'Header')
  for (const entry of header === undefined ? [] : children(header)) {
    if (mustBeUnderstood(entry)) throw new EnvelopeError(`a header is not understood: ${entry.name}`, 'MustUnderstand')
  }
  const body = parts.at(-1)
  if (body?.name !== 'Body' || body.namespaceUri !== envelopeNamespace) throw new EnvelopeError('there is no Body')
  if (parts.length > (header === undefined ? 1 : 2)) throw new EnvelopeError('there is more than Header and Body')
  const [root, second] = children(body)
  if (root === undefined || second !== undefined) throw new EnvelopeError('the Body holds one element')
  return use(root)
}

function mustBeUnderstood(entry: XmlElement): boolean {
  return entry.attrs.some(
    ({ name, namespaceUri, value }) =>
      name === 'mustUnderstand' && namespaceUri === envelopeNamespace && (value === '1' || value === 'true'),
  )
}

function parse(message: Buffer): XmlDocument {
  try {
    return XmlDocument.fromBuffer(message)
  } catch (error) {
    if (error instanceof XmlParseError) throw new EnvelopeError(`not well-formed: ${error.message.trim()}`)
    throw error
  }
}

function children(element: XmlElement): XmlElement[] {
  const found: XmlElement[] = []
  for (let node = element.firstChild; node !== null; node = node.next) if (node instanceof XmlElement) found.push(node)
  return found
}

/** `payload` was written without namespaces of its own but for the attributes of `payloadAttributes`. */
export function envelope(payload: string): string {
  const body = payload === '' ? '<soap:Body/>' : `<soap:Body>${payload}</soap:Body>`
  return `<soap:Envelope xmlns:soap="${envelopeNamespace}">${body}</soap:Envelope>`
}

/** Namespaces as the root of a payload carries them: the default one for the payload, `ns2` for that of the WSDL. */
export const payloadAttributes = ` xmlns="${schemaNamespace}" xmlns:ns2="${wsdlNamespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

/** What every remove answers: an anyType that says of itself that it is the text `(null)`. */
export const removedPayload = `<RemoveResult${payloadAttributes} xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">(null)</RemoveResult>`

/** A fault; `status` is the StatusInfo in its detail, which faults of the stack itself have none of. */
export function faultEnvelope(
  faultCode: string,
  text: string,
  status: { code: number; message: string } | null,
): string {
  const detail =
    status === null
      ? ''
      : `<detail><StatusInfo xmlns="${schemaNamespace}"><ErrorCode>${status.code}</ErrorCode><Message>${escapeText(status.message)}</Message></StatusInfo></detail>`
  return envelope(
    `<soap:Fault><faultcode>soap:${faultCode}</faultcode><faultstring>${escapeText(text)}</faultstring>${detail}</soap:Fault>`,
  )
}
