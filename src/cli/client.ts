/** Calls a running gateway and turns whatever goes wrong into an exit code and a sentence. */
import { readFileSync } from 'node:fs'
import { Agent, fetch, type Response } from 'undici'
import type { z } from 'zod'
import { isLoopback } from '../api/listen.ts'
import { problemDocument } from '../api/problem.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { plain } from './plain.ts'

export interface ClientOptions {
  readonly url: string
  readonly token: string
  /** Path of a PEM file with the authorities to trust instead of the system's. */
  readonly ca?: string
  /** Allows the token to cross a network unencrypted. */
  readonly plainHttp?: boolean
}

export interface Client {
  /** @throws CliError for every refusal and for an answer of another shape. */
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>>
  post<Schema extends z.ZodType>(path: string, body: unknown, schema: Schema): Promise<z.output<Schema>>
  /** For acts that answer with nothing. */
  send(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void>
  /** For acts that answer with bytes: each chunk as it comes. @throws CliError as well when the answer ends too early. */
  download(path: string, body: unknown): AsyncIterable<Uint8Array>
  /** As `download`, of what is asked for without a body and may go on for long. */
  stream(path: string, headers: Readonly<Record<string, string>>): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** @throws CliError `usage` for an address or certificate file that can't be used. */
export function createClient({ url, token, ca, plainHttp = false }: ClientOptions): Client {
  const base = parseUrl(url, plainHttp)
  const dispatcher = new Agent({
    // A sync answers when it is done, however long that takes.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000, ...(ca === undefined ? {} : { ca: readCa(ca) }) },
  })

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    let response: Response
    try {
      response = await fetch(new URL(path.replace(/^\//, ''), base), {
        method,
        dispatcher,
        // The token goes to the address that was named, nowhere else.
        redirect: 'error',
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      throw unreachable(base, error)
    }
    if (!response.ok) throw await refusal(response)
    return response
  }

  return {
    get: async (path, schema) => read(await call('GET', path), schema),
    post: async (path, body, schema) => read(await call('POST', path, body), schema),
    async send(method, path, body) {
      await (await call(method, path, body)).body?.cancel()
    },
    async *download(path, body) {
      yield* chunksOf(await call('POST', path, body))
    },
    async *stream(path, headers) {
      yield* chunksOf(await call('GET', path, undefined, headers))
    },
    close: () => dispatcher.close(),
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk
  } catch {
    throw new CliError(exitCodes.failed, 'the answer was cut off before its end: the log of the gateway says more')
  }
}

function parseUrl(text: string, plainHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '') {
    throw new CliError(exitCodes.usage, `not the address of a gateway: ${plain(text)}`)
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !plainHttp) {
    throw new CliError(
      exitCodes.usage,
      'the token would cross the network unencrypted: use https://, or --plain-http where the network is yours',
    )
  }
  // So that a proxy's path prefix is kept.
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new CliError(exitCodes.usage, `the certificate file can't be read: ${path}`)
  }
}

async function read<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined))
  if (parsed.success) return parsed.data
  throw new CliError(exitCodes.failed, 'the answer is not that of a gateway of this version')
}

function unreachable(base: URL, error: unknown): CliError {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer'
  const hint = /CERT|SELF_SIGNED|UNABLE_TO/.test(code) ? '; name its authority with --ca' : ''
  return new CliError(exitCodes.unreachable, `the gateway at ${base.origin} can't be reached: ${code}${hint}`)
}

const exitCodeOf: Partial<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.refused,
  403: exitCodes.refused,
  409: exitCodes.refused,
  421: exitCodes.refused,
  429: exitCodes.refused,
}

async function refusal(response: Response): Promise<CliError> {
  const exitCode = exitCodeOf[response.status] ?? exitCodes.failed
  const problem = problemDocument.safeParse(await response.json().catch(() => undefined)).data
  if (problem === undefined) return new CliError(exitCode, `the gateway answered with status ${response.status}`)
  const fields = (problem.errors ?? []).map((error) => `\n  ${plain(error.path || error.in)}: ${plain(error.message)}`)
  const instance = problem.status >= 500 ? `\n  ${plain(problem.instance)}` : ''
  return new CliError(exitCode, `${plain(problem.detail)} [${plain(problem.code)}]${fields.join('')}${instance}`)
}
