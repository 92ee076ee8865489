/** A bare SOAP client that trusts one certificate and writes its messages by hand, for the tests of this folder. */
import { XmlDocument, XmlElement } from 'libxml2-wasm'
import { Agent, request } from 'undici'
import { type AeosSimulator, startAeosSimulator } from './index.ts'
import type { SimulatorOptions } from './options.ts'
import { schemaError } from './validator.ts'

/** What an element holds: text, or its children by name, each a list. */
export interface Node {
  text: string
  /** The value of xsi:type, if there is one. */
  type: string | null
  [child: string]: unknown
}

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  raw: string
  /** Name of the element in the body; '' for an empty body or no SOAP at all. */
  root: string
  body: Node
  /** ErrorCode of a fault; null when there is none. */
  code: number | null
  /** faultstring. */
  fault: string | null
}

export interface Client {
  simulator: AeosSimulator
  /** Sends one element of the schema: its name, and what is inside as XML without namespaces. */
  send(root: string, inside?: string | number): Promise<Reply>
  /** Sends any body of a request. */
  post(message: string, headers?: Record<string, string>): Promise<Reply>
  get(query: string, headers?: Record<string, string>): Promise<Reply>
  as(username: string, password: string): Client
  [Symbol.asyncDispose](): Promise<void>
}

const schema = 'http://www.nedap.com/aeosws/schema'

/** A simulator without latency at a fixed time: 1 July 2026, noon UTC, which is two o'clock in Amsterdam. */
export async function start(options: SimulatorOptions = {}): Promise<Client> {
  const nowMs = Date.parse('2026-07-01T12:00:00Z')
  const simulator = await startAeosSimulator({ latency: { fixedMs: 0 }, nowMs, ...options })
  return clientOf(simulator, simulator.username, simulator.password)
}

function clientOf(simulator: AeosSimulator, username: string, password: string): Client {
  const dispatcher = new Agent({ connect: { ca: simulator.ca }, connections: 64 })
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  async function call(method: 'GET' | 'POST', url: string, headers: Record<string, string>, body?: string) {
    const answer = await request(url, { dispatcher, method, headers, body: body ?? null })
    return replyOf(answer.statusCode, answer.headers, await answer.body.text(), simulator)
  }
  const post: Client['post'] = (message, headers = {}) =>
    call(
      'POST',
      simulator.url,
      { 'content-type': 'text/xml;charset=UTF-8', soapaction: '""', authorization, ...headers },
      message,
    )
  return {
    simulator,
    post,
    send: (root, inside = '') => post(message(`<${root} xmlns="${schema}">${inside}</${root}>`)),
    get: (query, headers = {}) => call('GET', `${simulator.url}?${query}`, { authorization, ...headers }),
    as: (name, secret) => clientOf(simulator, name, secret),
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      await simulator.close()
    },
  }
}

export function message(payload: string): string {
  return `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>${payload}</soapenv:Body></soapenv:Envelope>`
}

/** Every answer is held to the schema of its snapshot, whatever the test is about. */
function replyOf(
  status: number,
  headers: Reply['headers'],
  raw: string,
  { snapshot }: { snapshot: AeosSimulator['snapshot'] },
): Reply {
  const nothing: Node = { text: '', type: null }
  const bare = { status, headers, raw, root: '', body: nothing, code: null, fault: null }
  if (!raw.startsWith('<soap:')) return bare
  using document = XmlDocument.fromString(raw)
  const root = elements(elements(document.root)[0])[0]
  if (root === undefined) return bare
  const body = nodeOf(root)
  if (root.name !== 'Fault') {
    const wrong = schemaError(root, snapshot)
    if (wrong !== null) throw new Error(`the answer breaks the schema: ${wrong}`)
    return { ...bare, root: root.name, body }
  }
  const info = elements(root).find(({ name }) => name === 'detail')
  const status500 = info === undefined ? undefined : elements(info)[0]
  if (status500 !== undefined) {
    const wrong = schemaError(status500, snapshot)
    if (wrong !== null) throw new Error(`the fault breaks the schema: ${wrong}`)
  }
  const code = status500 === undefined ? null : Number(elements(status500)[0]?.content)
  return { ...bare, root: root.name, body, code, fault: text(body, 'faultstring') ?? null }
}

function elements(element: XmlElement | undefined): XmlElement[] {
  const found: XmlElement[] = []
  for (let node = element?.firstChild ?? null; node !== null; node = node.next) {
    if (node instanceof XmlElement) found.push(node)
  }
  return found
}

function nodeOf(element: XmlElement): Node {
  const inside = elements(element)
  const type = element.attrs.find(({ name }) => name === 'type')?.value ?? null
  const node: Node = { text: inside.length === 0 ? element.content : '', type }
  for (const child of inside) {
    node[child.name] = [...nodes(node, child.name), nodeOf(child)]
  }
  return node
}

/** The nodes at a path such as `Employee/EmployeeInfo`. */
export function nodes(node: Node, path: string): Node[] {
  return path
    .split('/')
    .reduce<Node[]>((held, name) => held.flatMap((one) => (one[name] as Node[] | undefined) ?? []), [node])
}

/** Text of the first node at a path; undefined when there is none. */
export function text(node: Node, path: string): string | undefined {
  return nodes(node, path)[0]?.text
}

/** Texts of all nodes at a path. */
export function texts(node: Node, path: string): string[] {
  return nodes(node, path).map((one) => one.text)
}

/** Adds an employee and gives the id. */
export async function addEmployee(client: Client, fields = '<LastName>Example</LastName>'): Promise<number> {
  const reply = await client.send('EmployeeAdd', fields)
  if (reply.status !== 200) throw new Error(`not added: ${reply.fault}`)
  return Number(text(reply.body, 'Id'))
}

/** Gives a badge and fails the test when that is refused. */
export async function assign(client: Client, carrier: number, number: string, type = 1): Promise<Reply> {
  return client.send('IdentifierAdd', `<CarrierId>${carrier}</CarrierId>${pair(number, type)}`)
}

export function pair(number: string, type = 1): string {
  return `<IdentifierType>${type}</IdentifierType><BadgeNumber>${number}</BadgeNumber>`
}
