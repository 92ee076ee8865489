/**
 * Elasticsearch, or OpenSearch, as a client sees it that writes events into a data stream: written from the public documentation of the REST
 * API, and strict. What it does not have it refuses, and tells under `unhandled`.
 */
import type { ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { until } from '../../servers.ts'
import { authority } from '../certificates.ts'
import { type Fault, type FaultPlan, faultPlan, misbehave, takesIn } from '../faults.ts'
import { type DoorOptions, type DoorRequest, type HttpDoor, openHttpDoor } from '../http-door.ts'
import { type ItemFaults, itemsOf, runItems } from './bulk.ts'
import { type IndexedDocument, newCluster } from './cluster.ts'
import { filtered } from './filter-path.ts'
import { flavours, type Product } from './flavour.ts'
import {
  type Credentials,
  challengesOf,
  checkLogin,
  forbidden,
  newCredentials,
  type Security,
  Unauthorized,
} from './login.ts'
import { checkMediaTypes, UnsupportedMediaType } from './media-types.ts'
import { illegalArgument, noSuchIndex, RestError, troubleOf } from './refusals.ts'

export interface ElasticsearchOptions extends DoorOptions {
  /** Default `elasticsearch-9`. */
  readonly product?: Product
  /** Default `on`. */
  readonly security?: Security
  /** Without it the login may write into data streams and nothing else: templates are refused with 403. Default true. */
  readonly mayManage?: boolean
  /** Longest body, in bytes: `http.max_content_length`. Default 100 MiB. */
  readonly maxContentLength?: number
}

export interface ElasticsearchCall {
  readonly method: string
  readonly path: string
  /** Null when the fault of the moment gave none. */
  readonly status: number | null
  readonly authorization: 'none' | 'Basic' | 'ApiKey' | 'other'
  /** Of the body as it was sent. */
  readonly bytes: number
}

export interface Elasticsearch extends Omit<HttpDoor, 'origin'>, Credentials {
  /** `https://localhost:<port>` */
  readonly url: string
  /** PEM of the authority that made its certificate. */
  readonly ca: string
  /** Faults of `_bulk`. A status without a body gets the one that a cluster gives with it. */
  readonly faults: FaultPlan
  /** Faults of all other calls. */
  readonly otherFaults: FaultPlan
  /** Decides from now on which items of bulk requests fail; null lets all through. */
  failItems(faults: ItemFaults | null): void
  readonly calls: readonly ElasticsearchCall[]
  /** Calls that are not part of what is played here. A test of a good sender ends with `toEqual([])`. */
  readonly unhandled: readonly string[]
  /** Names of the templates that were put, besides those that the product brings. */
  templates(): readonly string[]
  streams(): readonly string[]
  /** In order of arrival; none when the stream is not there. */
  documents(stream: string): readonly IndexedDocument[]
  /** Waits until the stream has so many documents. */
  received(stream: string, count: number): Promise<readonly IndexedDocument[]>
  /** From now on another backing index is written, as a lifecycle does: it does not know the ids of the one before. */
  rollOver(stream: string): void
}

type Answer = {
  readonly status: number
  readonly body: object | string | null
  readonly headers?: Record<string, string | string[]>
}

export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<Elasticsearch> {
  const {
    product = 'elasticsearch-9',
    security = 'on',
    mayManage = true,
    maxContentLength = 100 * 1024 * 1024,
  } = options
  const flavour = flavours[product]
  const cluster = newCluster(flavour, () => new Date())
  const credentials = newCredentials()
  const [faults, otherFaults] = [faultPlan(), faultPlan()]
  const calls: ElasticsearchCall[] = []
  const unhandled: string[] = []
  let itemFaults: ItemFaults | null = null

  function bulk(request: DoorRequest, target: string | null): Answer {
    checkParameters(request, [
      'refresh',
      'timeout',
      'routing',
      'require_alias',
      'require_data_stream',
      'wait_for_active_shards',
    ])
    const { body } = request
    if (body === null) return { status: 413, body: null, headers: { connection: 'close' } }
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    return { status: 200, body: runItems(itemsOf(plain, target), cluster, flavour, itemFaults) }
  }

  function template(request: DoorRequest, name: string): Answer {
    const { method } = request
    checkParameters(request, [
      'create',
      'master_timeout',
      'timeout',
      'cause',
      'flat_settings',
      'local',
      'include_defaults',
    ])
    if (!mayManage) {
      const action = `indices:admin/index_template/${method === 'PUT' ? 'put' : 'get'}`
      throw forbidden(action, credentials, 'cluster privileges [manage_index_templates,manage,all]')
    }
    if (method === 'PUT' || method === 'POST') {
      cluster.putTemplate(name, jsonOf(request), request.query.get('create') === 'true')
      return { status: 200, body: { acknowledged: true } }
    }
    const known = cluster.templates.get(name)
    if (known === undefined) {
      if (method === 'HEAD') return { status: 404, body: null }
      throw new RestError(404, 'resource_not_found_exception', `index template matching [${name}] not found`)
    }
    return { status: 200, body: { index_templates: [{ name, index_template: known.body }] } }
  }

  function stream(request: DoorRequest, name: string): Answer {
    checkParameters(request, ['master_timeout', 'timeout', 'expand_wildcards', 'include_defaults', 'verbose'])
    if (request.method === 'PUT') {
      cluster.createStream(name)
      return { status: 200, body: { acknowledged: true } }
    }
    const known = cluster.streams.get(name)
    if (known === undefined) throw noSuchIndex(name)
    const indices = known.indices.map(({ name: index_name, uuid: index_uuid }) => ({ index_name, index_uuid }))
    const head = { name, timestamp_field: { name: '@timestamp' }, indices, generation: indices.length }
    return {
      status: 200,
      body: { data_streams: [{ ...head, status: 'GREEN', template: known.template, hidden: false }] },
    }
  }

  function route(request: DoorRequest): Answer {
    const { method, path, headers } = request
    checkLogin(headers.authorization, path, credentials, security, flavour)
    const [first, second, ...rest] = path.split('/').slice(1).map(decodeURIComponent)
    const isBulk = first === '_bulk' || second === '_bulk'
    checkMediaTypes(headers, request.body === null || request.body.length > 0, isBulk, flavour)
    const is = (...methods: string[]): boolean => rest.length === 0 && methods.includes(method)
    if (path === '/' && is('GET', 'HEAD')) return { status: 200, body: flavour.info }
    if (isBulk && is('POST', 'PUT')) return bulk(request, first === '_bulk' ? null : (first ?? null))
    if (first === '_index_template' && second && is('PUT', 'POST', 'GET', 'HEAD')) return template(request, second)
    if (first === '_data_stream' && second && is('PUT', 'GET')) return stream(request, second)
    unhandled.push(`${method} ${path}`)
    return { status: 400, body: { error: `no handler found for uri [${path}] and method [${method}]` } }
  }

  function answerTo(request: DoorRequest): Answer {
    try {
      const answer = route(request)
      const pattern = request.query.get('filter_path')
      if (pattern === null || answer.body === null || typeof answer.body === 'string') return answer
      return { ...answer, body: filtered(answer.body, pattern) }
    } catch (error) {
      const challenge = { 'www-authenticate': challengesOf(flavour) }
      if (error instanceof Unauthorized) return { status: 401, body: error.message, headers: challenge }
      if (error instanceof UnsupportedMediaType) return { status: 406, body: { error: error.message, status: 406 } }
      if (!(error instanceof RestError)) throw error
      return { status: error.status, body: error.body, ...(error.status === 401 ? { headers: challenge } : {}) }
    }
  }

  function send({ status, body, headers = {} }: Answer, request: DoorRequest, response: ServerResponse): void {
    // A client that asked for a version gets it named in the answer.
    const version = /compatible-with=(\d+)/.exec(request.headers.accept ?? '')?.[1]
    const json =
      version === undefined ? 'application/json' : `application/vnd.elasticsearch+json;compatible-with=${version}`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = body === null ? {} : { 'content-type': typeof body === 'string' ? 'text/plain; charset=UTF-8' : json }
    response.writeHead(status, { ...flavour.headers, ...type, ...headers })
    response.end(body === null || request.method === 'HEAD' ? undefined : text)
  }

  const door = await openHttpDoor(options, maxContentLength, (request, response) => {
    const fault = (/(^|\/)_bulk$/.test(request.path) ? faults : otherFaults).take()
    const answer = takesIn(fault) ? answerTo(request) : null
    const status = fault === null ? (answer?.status ?? null) : 'status' in fault ? (fault.status ?? null) : null
    const scheme = request.headers.authorization?.split(' ')[0]
    const authorization = scheme === undefined ? 'none' : scheme === 'Basic' || scheme === 'ApiKey' ? scheme : 'other'
    calls.push({ method: request.method, path: request.path, status, authorization, bytes: request.body?.length ?? 0 })
    if (fault === null && answer !== null) send(answer, request, response)
    else if (fault !== null && isBareStatus(fault)) {
      const body = troubleOf(fault.status, flavour.rejection)?.body ?? null
      send({ status: fault.status, body, headers: { ...fault.headers } }, request, response)
    } else if (fault !== null)
      misbehave(fault, request, response, () => answer !== null && send(answer, request, response))
  })

  const { origin, ...control } = door
  const elasticsearch: Elasticsearch = {
    ...control,
    ...credentials,
    ...{ faults, otherFaults, calls, unhandled, url: origin, ca: authority.pem },
    failItems(next) {
      itemFaults = next
    },
    templates: () => [...cluster.templates.keys()].filter((name) => !flavour.builtIn.some((own) => own.name === name)),
    streams: () => [...cluster.streams.keys()],
    documents: (name) => cluster.streams.get(name)?.documents ?? [],
    async received(name, count) {
      await until(
        () => `${count} documents in ${name}, which has ${elasticsearch.documents(name).length}`,
        () => elasticsearch.documents(name).length >= count,
      )
      return elasticsearch.documents(name)
    },
    rollOver: (name) => cluster.rollOver(name),
  }
  return elasticsearch
}

function isBareStatus(fault: Fault): fault is Extract<Fault, { status: number; body?: string }> {
  return 'status' in fault && !('redirect' in fault) && fault.body === undefined
}

const everywhere = ['pretty', 'human', 'error_trace', 'format', 'filter_path']

function checkParameters({ path, query }: DoorRequest, known: readonly string[]): void {
  const unknown = [...query.keys()].filter((key) => ![...everywhere, ...known].includes(key))
  if (unknown.length > 0)
    throw illegalArgument(`request [${path}] contains unrecognized parameter: [${unknown.join(', ')}]`)
}

function jsonOf({ body }: DoorRequest): unknown {
  if (body === null || body.length === 0) throw new RestError(400, 'parse_exception', 'request body is required')
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new RestError(400, 'x_content_parse_exception', `[1:1] ${(error as Error).message}`)
  }
}
