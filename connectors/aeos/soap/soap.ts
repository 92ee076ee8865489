/** Writes the bodies of requests in the order of the schema, and reads answers as plain text values; no call is made here. */
import { readFile } from 'node:fs/promises'
import type { WSDL } from 'soap'

/** A request as nested fields, lists and text; a bare number for the requests that are one. Absent and undefined fields are left out. */
export type Value = string | boolean | readonly Value[] | { readonly [field: string]: Value | undefined }

export type Answer =
  | { readonly kind: 'result'; readonly value: unknown }
  /** `code` is null where the fault is none of this service. */
  | { readonly kind: 'fault'; readonly code: string | null; readonly text: string }
  /** No SOAP at all, or none that we asked for. */
  | { readonly kind: 'unreadable' }

interface Method {
  readonly input: {
    readonly $name: string
    readonly targetNSAlias: string
    readonly targetNamespace: string
    readonly $type?: string
    readonly $lookupType?: string
  }
  readonly output: { readonly $name: string }
}

export interface Soap {
  /** Names of the operations that are described here. */
  readonly operations: ReadonlySet<string>
  write(operation: string, value: Value): string
  read(operation: string, text: string): Answer
}

const path = new URL('./aeosws.wsdl', import.meta.url)
/** Text stays text: npm soap would read times in the zone of this process, and long ids as imprecise numbers. */
const asText = Object.fromEntries(
  ['dateTime', 'date', 'long', 'int', 'boolean', 'base64Binary'].map((type) => [type, (text: string) => text]),
)

let opened: Promise<Soap> | undefined

/** Once per process, and only where there is a server to talk to: npm soap takes 200 ms and 30 MB to load. */
export function openSoap(): Promise<Soap> {
  opened ??= open()
  return opened
}

async function open(): Promise<Soap> {
  const { WSDL } = await import('soap')
  const wsdl = new WSDL(await readFile(path, 'utf8'), path.href, { customDeserializer: asText })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  wsdl.onReady((error: Error | null) => (error ? reject(error) : resolve()))
  await promise
  // Declared by its types, and left empty by its constructor.
  wsdl.options.attributesKey = '$attributes'
  // A blank before a number belongs to it.
  wsdl.options.preserveWhitespace = true
  const { methods } = wsdl.definitions.bindings.aeoswsSoapBinding as unknown as { methods: Record<string, Method> }
  const methodOf = (operation: string): Method => {
    const method = methods[operation]
    if (method === undefined) throw new TypeError(`${operation} is no operation of the description`)
    return method
  }
  return {
    operations: new Set(Object.keys(methods)),
    write(operation, value) {
      const { $name, targetNSAlias, targetNamespace, $type, $lookupType } = methodOf(operation).input
      const body: string = wsdl.objectToDocumentXML($name, value, targetNSAlias, targetNamespace, $type ?? $lookupType)
      return `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`
    },
    read: (operation, text) => read(wsdl, methodOf(operation).output.$name, text),
  }
}

function read(wsdl: WSDL, root: string, text: string): Answer {
  // A document type can declare entities, which no answer of this service needs.
  if (text.includes('<!DOCTYPE')) return { kind: 'unreadable' }
  let body: unknown
  try {
    body = objectOf(wsdl.xmlToObject(text), 'Body')
  } catch (thrown) {
    // It throws a fault, whatever is not XML, and elements that it does not know, each in another form, and quotes them all.
    return faultOf(objectOf(objectOf(objectOf(thrown, 'root'), 'Envelope'), 'Body'))
  }
  // An empty body is how blocking a token is answered.
  if (body === null || body === '') return { kind: 'result', value: null }
  return isObject(body) && root in body ? { kind: 'result', value: body[root] } : { kind: 'unreadable' }
}

function faultOf(body: unknown): Answer {
  const fault = objectOf(body, 'Fault')
  if (fault === undefined) return { kind: 'unreadable' }
  const status = objectOf(objectOf(fault, 'detail'), 'StatusInfo')
  const code = textOf(objectOf(status, 'ErrorCode'))
  const text = textOf(objectOf(status, 'Message')) ?? textOf(objectOf(fault, 'faultstring'))
  return { kind: 'fault', code: code !== undefined && /^\d{1,9}$/.test(code) ? code : null, text: text ?? '' }
}

function textOf(value: unknown): string | undefined {
  if (isObject(value)) return textOf(value.$value)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function objectOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null
}
