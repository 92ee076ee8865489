/** Prints the WSDL of a snapshot around its schema: one port, document/literal, an empty soapAction everywhere. */
import { type Operation, operations } from './operations.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { schemaNamespace, schemaOf } from './xsd.ts'

export const wsdlNamespace = 'http://www.nedap.com/aeosws'

/** `address` is what the server believes to be called. */
export function wsdlOf(snapshot: Snapshot, address: string): string {
  const present = operations.filter(({ since }) => isIn(snapshot, since))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<wsdl:definitions name="aeosws" targetNamespace="${wsdlNamespace}" xmlns:tns="${wsdlNamespace}"`,
    `  xmlns:s="${schemaNamespace}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"`,
    '  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">',
    '<wsdl:types>',
    schemaOf(snapshot),
    '</wsdl:types>',
    ...present.flatMap(messages),
    message('Fault', 'StatusInfo', 'fault'),
    '<wsdl:portType name="AeosWebServiceType">',
    ...present.map(portOperation),
    '</wsdl:portType>',
    '<wsdl:binding name="aeoswsSoapBinding" type="tns:AeosWebServiceType">',
    '  <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
    ...present.map(bindingOperation),
    '</wsdl:binding>',
    '<wsdl:service name="aeosws">',
    '  <wsdl:port name="aeoswsTypePort" binding="tns:aeoswsSoapBinding">',
    `    <soap:address location="${address}"/>`,
    '  </wsdl:port>',
    '</wsdl:service>',
    '</wsdl:definitions>',
    '',
  ].join('\n')
}

function message(name: string, root: string, part: string): string {
  return `<wsdl:message name="${name}"><wsdl:part name="${part}" element="s:${root}"/></wsdl:message>`
}

function messages({ name, request, response }: Operation): string[] {
  return [message(`${name}Request`, request.root, 'item'), message(`${name}Response`, response.root, 'value')]
}

function portOperation({ name, fault }: Operation): string {
  const faults = fault === null ? '' : '<wsdl:fault name="Fault" message="tns:Fault"/>'
  const [input, output] = [`tns:${name}Request`, `tns:${name}Response`]
  return `  <wsdl:operation name="${name}"><wsdl:input message="${input}"/><wsdl:output message="${output}"/>${faults}</wsdl:operation>`
}

function bindingOperation({ name, fault }: Operation): string {
  const body = '<soap:body use="literal"/>'
  const faults = fault === null ? '' : '<wsdl:fault name="Fault"><soap:fault name="Fault" use="literal"/></wsdl:fault>'
  const ways = `<wsdl:input>${body}</wsdl:input><wsdl:output>${body}</wsdl:output>`
  return `  <wsdl:operation name="${name}"><soap:operation soapAction="" style="document"/>${ways}${faults}</wsdl:operation>`
}
