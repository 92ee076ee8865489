/** Connects the connector to scripted answers, written from the documents of the service, for the tests of this folder. */
import type { ActualAccount, DesiredAccount, PartOutcome } from '../../src/connector/contract.ts'
import { type HttpClient, type HttpRequest, type HttpResponse, noCalls } from '../../src/connector/http.ts'
import type { Card } from '../../src/model/card.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import connector from './index.ts'
import { type Settings, whole } from './settings.ts'

export const never = new AbortController().signal

/** What holds the answer of one operation, or a fault, or a whole response; a function is asked anew each time. */
type Scripted = string | Fault | HttpResponse | ((body: string) => string | Fault | HttpResponse)
export type Script = Readonly<Record<string, Scripted | readonly Scripted[]>>

interface Fault {
  readonly code: string
  readonly message: string
}

export function fault(code: number, message = 'made up'): Fault {
  return { code: String(code), message }
}

/** One answer for each request by its root element; of a list one after the other, the last again and again. */
export function scripted(script: Script) {
  const requests: { readonly root: string; readonly body: string; readonly request: HttpRequest }[] = []
  const left = new Map(Object.entries(script).map(([root, each]) => [root, Array.isArray(each) ? [...each] : [each]]))
  const http: HttpClient = {
    ...noCalls,
    async request(request, signal) {
      signal.throwIfAborted()
      const body = /<soap:Body>(.*)<\/soap:Body>/s.exec(request.body ?? '')?.[1] ?? ''
      const root = request.method === 'GET' ? 'wsdl' : (/^<(\w+)/.exec(body)?.[1] ?? '')
      requests.push({ root, body, request })
      const answers = left.get(root)
      const next = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0]
      if (next === undefined) throw new Error(`no answer is scripted for ${root}`)
      return responseOf(typeof next === 'function' ? next(body) : next, root)
    },
  }
  return { http, requests }
}

function responseOf(answer: string | Fault | HttpResponse, root: string): HttpResponse {
  if (typeof answer === 'object' && 'status' in answer) return answer
  const headers = { 'content-type': 'text/xml; charset=UTF-8' }
  if (root === 'wsdl') return { status: 200, headers, text: String(answer) }
  const isFault = typeof answer === 'object'
  const content = isFault
    ? `<soap:Fault><faultcode>soap:Server</faultcode><faultstring>made up</faultstring><detail><StatusInfo xmlns="${schema}"><ErrorCode>${answer.code}</ErrorCode><Message>${answer.message}</Message></StatusInfo></detail></soap:Fault>`
    : answer
  return { status: isFault ? 500 : 200, headers, text: envelope(content) }
}

const schema = 'http://www.nedap.com/aeosws/schema'

function envelope(content: string): string {
  return `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${content}</soap:Body></soap:Envelope>`
}

/** The root element of an answer; `ns2` and `xsi` are declared, as the server does. */
export function answer(root: string, content = ''): string {
  return `<${root} xmlns="${schema}" xmlns:ns2="http://www.nedap.com/aeosws" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${content}</${root}>`
}

export interface Person {
  readonly id: string
  readonly number?: string
  readonly type?: string
  readonly last?: string
  readonly more?: string
  readonly arrival?: string
  readonly leave?: string
  readonly readOnly?: boolean
}

/** As findPerson gives people: the type beside the element, empty fields left out. */
export function people(...all: readonly Person[]): string {
  const one = (person: Person) => {
    const { id, number, type = 'Employee', last = 'Quillfeather', more = '', arrival, leave, readOnly = false } = person
    const fields = [
      `<Id>${id}</Id><CarrierType>${type}</CarrierType>`,
      arrival === undefined ? '' : `<ArrivalDateTime>${arrival}</ArrivalDateTime>`,
      leave === undefined ? '' : `<LeaveDateTime>${leave}</LeaveDateTime>`,
      `<ReadOnly>${readOnly}</ReadOnly>${more}<LastName>${last}</LastName>`,
      number === undefined ? '' : `<PersonnelNo>${number}</PersonnelNo>`,
      '<FirstName>Zyphora</FirstName>',
    ]
    return `<Person xsi:type="${type}Info">${fields.join('')}</Person>`
  }
  return answer('PersonList', all.map(one).join(''))
}

export function states(blocked: boolean, reason = '3'): string {
  const why = blocked && reason !== '' ? `<BlockReason>${reason}</BlockReason>` : ''
  return answer('CarrierStateResult', `<CarrierId>7</CarrierId><States><Blocked>${blocked}</Blocked>${why}</States>`)
}

export interface TokenShown {
  readonly number: string
  readonly status: number
  readonly type?: string
  readonly reason?: string
  readonly replaced?: boolean
  readonly owner?: string
}

function token({ number, status, type = '2', reason, replaced = false }: TokenShown): string {
  const blocked = status === 2 || status === 3
  const why = reason === undefined ? '' : `<BlockReason>${reason}</BlockReason>`
  const waits = replaced ? '<Replaced>true</Replaced><ReplacedBy>99</ReplacedBy>' : ''
  return `<Identifier><Id>40</Id><IdentifierType>${type}</IdentifierType><BadgeNumber>${number}</BadgeNumber><Blocked>${blocked}</Blocked>${waits}${why}<Status>${status}</Status></Identifier>`
}

export function tokens(...all: readonly TokenShown[]): string {
  return answer('IdentifierList', all.map(token).join(''))
}

export function owned(...all: readonly TokenShown[]): string {
  const one = (each: TokenShown) =>
    `<IdentifierAndCarrierId>${token(each)}${each.owner === undefined ? '' : `<CarrierId>${each.owner}</CarrierId>`}</IdentifierAndCarrierId>`
  return answer('IdentifierAndCarrierIdList', all.map(one).join(''))
}

export function profile(online = ''): string {
  const content = online === '' ? '' : `<AuthorisationOnline>${online}</AuthorisationOnline>`
  return answer('ProfileResult', `<CarrierId>7</CarrierId>${content}`)
}

export function template(id: string, { rule = '', from = '2020-01-01T00:00:00', more = '' } = {}): string {
  const byRule = rule === '' ? '' : `<RuleId>${rule}</RuleId>`
  return `<TemplateAuthorisation><Id>8${id}</Id><Enabled>true</Enabled>${byRule}<TemplateId>${id}</TemplateId><DateFrom>${from}</DateFrom>${more}</TemplateAuthorisation>`
}

/** The carrier 7 with the number 4711: open, without badges and rights, and every write taken. */
export const quiet: Script = {
  VersionSearchInfo: answer(
    'VersionInfo',
    '<AeosVersion>2023.2</AeosVersion><WebServiceVersion>1</WebServiceVersion><WebServiceBuild>1</WebServiceBuild>',
  ),
  wsdl: '<wsdl:operation name="findPerson"/><wsdl:operation name="removeCarrierAuthorizations"/>',
  PersonSearchInfo: people({ id: '7', number: '4711' }),
  EmployeeSearchInfo: answer('EmployeeList'),
  ContractorSearchInfo: answer('ContractorList'),
  VisitorSearchInfo: answer('VisitorList'),
  CarrierIdStates: states(false),
  CarrierIdToken: tokens(),
  CarrierIdProfile: profile(),
  CarrierIdVerification: answer('VerificationList'),
  EmployeeAdd: answer('EmployeeResult', '<Id>7</Id>'),
  EmployeeChange: answer('EmployeeResult', '<Id>7</Id>'),
  ContractorAdd: answer('ContractorResult', '<Id>9</Id>'),
  ContractorChange: answer('ContractorResult', '<Id>9</Id>'),
  VisitorAdd: answer('VisitorResult', '<Id>9</Id>'),
  VisitorChange: answer('VisitorResult', '<Id>9</Id>'),
  CarrierIdBlock: states(true),
  CarrierIdUnBlock: states(false),
  IdentifierSearchInfo: owned(),
  EventSearchInfo: answer('EventList'),
  EventTypeSearchInfo: answer('EventTypeList'),
  BlockReasonSearch: answer(
    'BlockReasonList',
    '<BlockReason><Id>4</Id><IdentifierBlockReason>true</IdentifierBlockReason><IdentifierWithdrawReason>true</IdentifierWithdrawReason></BlockReason>',
  ),
  IdentifierTypeSearchInfo: answer('IdentifierTypeList', '<Identifier><Id>2</Id><Name>Wiegand</Name></Identifier>'),
  IdentifierAdd: answer('IdentifierResult', token({ number: '10000', status: 1 }).replace(/<\/?Identifier>/g, '')),
  IdentifierBlock: '',
  IdentifierUnblock: '',
  IdentifierWithdraw: removed(),
  IdentifierWithdrawAndBlock: removed(),
  IdentifierRelease: removed(),
  ProfileAdd: profile(),
  ProfileRemove: profile(),
  ProfileChange: profile(),
  VerificationChange: answer('VerificationList'),
  EmployeeId: removed(),
  ContractorId: removed(),
  VisitorId: removed(),
}

/** As the manual shows it: success is that there is no fault. */
function removed(): string {
  return `<RemoveResult xmlns="${schema}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">(null)</RemoveResult>`
}

export type SettingsInput = Partial<Record<keyof Settings, unknown>>

export function settingsOf(overrides: SettingsInput = {}): Settings {
  const parsed = connector.settings.parse({
    url: 'https://aeos.example.org:8443',
    username: 'gatehouse',
    password: 'made up',
    server_zone: 'Europe/Amsterdam',
    block_reasons: { carrier: '3', token: '4' },
    identifier_types: [
      { id: '2', format: 'H10301', facility: 20 },
      { id: '5', format: 'CSN', bytes: 4, notation: 'hex' },
    ],
    ...overrides,
  })
  return whole(parsed)
}

/** The connector with what it says to a server that answers by the script; `said` leaves the first proof of the credentials out. */
export async function connected(
  script: Script = {},
  overrides: SettingsInput = {},
  now: () => Date = () => new Date('2026-11-26T09:00:00Z'),
) {
  const { http, requests } = scripted({ ...quiet, ...script })
  const connection = await connector.connect(settingsOf(overrides), { http, log: () => undefined, now }, never)
  const said = () => requests.filter(({ root }) => root !== 'VersionSearchInfo')
  return {
    ...connection,
    requests,
    /** Root elements in the order in which they were sent. */
    roots: () => said().map(({ root }) => root),
    /** The bodies of one kind. */
    bodies: (root: string) => said().flatMap((each) => (each.root === root ? each.body : [])),
    async put(desired: DesiredAccount, some: Partial<Put> = {}) {
      const order = { kind: 'put', externalId: '4711', desired, actual: null } as const
      return told(
        (await connection.accounts.apply({ ...order, revoke: { levels: [], cards: [] }, ...some }, never)).parts,
      )
    },
    async lock(known: ActualAccount | null = null, cards?: readonly Card[]) {
      const order = { kind: 'lock', externalId: '4711', known, at: now(), ...(cards ? { cards } : {}) } as const
      return told((await connection.accounts.apply(order, never)).parts)
    },
    async remove() {
      return told((await connection.accounts.apply({ kind: 'remove', externalId: '4711' }, never)).parts)
    },
    async mustRead(externalId = '4711'): Promise<ActualAccount> {
      const account = await connection.accounts.read(externalId, never)
      if (account === null) throw new Error('there is no such account')
      return account
    },
  }
}

interface Put {
  readonly externalId: string
  readonly actual: ActualAccount | null
  readonly revoke: { readonly levels: readonly string[]; readonly cards: readonly Card[] }
  readonly lift: readonly Card[]
  readonly unblock: readonly string[]
}

/** Outcomes by part, readable in an assertion: `applied`, `unchanged`, or kind and code of the failure. */
export function told(outcomes: readonly PartOutcome[]): Record<string, string> {
  return Object.fromEntries(
    outcomes.map(({ part, outcome, failure }) => {
      const name =
        part.kind === 'card' ? `card ${part.card.raw}` : part.kind === 'level' ? `level ${part.level}` : part.kind
      return [name, failure === undefined ? outcome : `${failure.kind} ${failure.code}`]
    }),
  )
}

export function facts(some: Partial<PersonFacts> = {}): PersonFacts {
  return { employeeNumber: '4711', givenName: 'Zyphora', familyName: 'Quillfeather', ...some }
}

export function desiredAccount(some: Partial<DesiredAccount> = {}): DesiredAccount {
  return { lock: 'open', validity: { from: null, until: null }, facts: facts(), cards: [], levels: [], ...some }
}

/** The fields of one element, as text in order: `Id=7 LastName=…`. */
export function fieldsOf(body: string): string {
  return [...body.matchAll(/<(\w+)(?: [^>]*)?>([^<]+)<\/\1>/g)].map(([, name, value]) => `${name}=${value}`).join(' ')
}
