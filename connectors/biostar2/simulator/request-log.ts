/** The record of every request: enough to count and to prove what was sent, never a body, a PIN or a session id. */
import { createHmac, randomBytes } from 'node:crypto'
import type { FaultKind } from './faults.ts'

export interface RequestEntry {
  n: number
  /** ISO moment on the simulator's clock. */
  at: string
  method: string
  path: string
  query: string
  /** null while under way and when no answer was sent. */
  status: number | null
  code: string | null
  durationMs: number | null
  /** People the request was about. Page reads name nobody. */
  users: readonly string[]
  /** HMAC-SHA-256 of the body under a key of this run, so that equal bodies show and nothing else does. */
  bodyDigest: string | null
  /** Names of biometric fields with content in the body. */
  biometricsSent: readonly string[]
  /** Names of biometric fields with content in the answer. */
  biometricsRead: readonly string[]
  /** The call exists to scan, compare or check a finger or a face, or to fetch the picture of an event, whether or not it is simulated. */
  biometricsAsked: boolean
  pinSent: boolean
  fault: FaultKind | null
}

export interface RequestFilter {
  user?: string
  method?: string
  /** Regular expression on the path. */
  path?: string
  /** Only those that ask for, send or are answered with biometric data. */
  biometric?: boolean
}

// Fields of the API collection (bs2api.biostar2.com) that carry a template or a face.
const biometricFields = new Set([
  'fingerprint_templates',
  'template',
  'template0',
  'template1',
  'template_ex',
  'templateEx',
  'templates',
  'template_ex_picture',
  'template_ex_normalized_image',
  'raw_image',
  'faces',
  'visualFaces',
  'photo',
])

// Calls of the API collection (bs2api.biostar2.com) whose purpose is a template, a face or the picture of an event.
const biometricPaths =
  /^\/api\/(devices\/[^/]+\/(scan_fingerprint|verify_fingerprint|credentials\/face)|server_matching\/.*|users\/check\/upload_picture|events\/images\/.*)$/

export class RequestLog {
  readonly #key = randomBytes(32)
  readonly #kept: number
  #entries: RequestEntry[] = []
  #count = 0

  constructor(kept: number) {
    this.#kept = kept
  }

  /** All requests since the start, those no longer kept included. */
  get count(): number {
    return this.#count
  }

  open(method: string, path: string, query: string, atMs: number): RequestEntry {
    const entry: RequestEntry = {
      n: ++this.#count,
      at: new Date(atMs).toISOString(),
      method,
      path,
      query,
      status: null,
      code: null,
      durationMs: null,
      users: [],
      bodyDigest: null,
      biometricsSent: [],
      biometricsRead: [],
      biometricsAsked: biometricPaths.test(path),
      pinSent: false,
      fault: null,
    }
    this.#entries.push(entry)
    // Halving now and then costs less than shifting at every request.
    if (this.#entries.length > this.#kept * 2) this.#entries = this.#entries.slice(-this.#kept)
    return entry
  }

  noteBody(entry: RequestEntry, raw: Buffer, parsed: unknown): void {
    if (raw.length === 0) return
    entry.bodyDigest = createHmac('sha256', this.#key).update(raw).digest('hex')
    const found = new Set<string>()
    entry.pinSent = look(parsed, found)
    if (found.size > 0) entry.biometricsSent = [...found]
  }

  find(filter: RequestFilter = {}): RequestEntry[] {
    const path = filter.path === undefined ? null : new RegExp(filter.path)
    return this.#entries
      .slice(-this.#kept)
      .filter(
        (entry) =>
          (filter.user === undefined || entry.users.includes(filter.user)) &&
          (filter.method === undefined || entry.method === filter.method) &&
          (filter.biometric === undefined || isBiometric(entry) === filter.biometric) &&
          (path === null || path.test(entry.path)),
      )
  }

  clear(): void {
    this.#entries = []
    this.#count = 0
  }
}

function isBiometric({ biometricsAsked, biometricsSent, biometricsRead }: RequestEntry): boolean {
  return biometricsAsked || biometricsSent.length > 0 || biometricsRead.length > 0
}

/** Collects biometric field names with content and says whether a PIN was among the fields. */
function look(value: unknown, found: Set<string>): boolean {
  if (typeof value !== 'object' || value === null) return false
  let pin = false
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'pin' && inner !== '') pin = true
    if (biometricFields.has(key) && hasContent(inner)) found.add(key)
    if (look(inner, found)) pin = true
  }
  return pin
}

function hasContent(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== '' && value !== null && value !== undefined
}
