/** Reads BioStar's answers: two dialects (all strings, or typed), four ways to write an empty list, with or without a wrapper. */
import { z } from 'zod'
import type { HttpResponse } from '../../src/connector/http.ts'
import { parseJson } from '../../src/model/parse-json.ts'
import { failureOf } from './errors.ts'

export type Body = { readonly [key: string]: unknown }

/** A scalar as text, whatever dialect wrote it. Absent, null and empty are undefined. */
export const text = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .optional()
  .transform((value) => (value === null || value === undefined || value === '' ? undefined : String(value)))

/** A truth value as `true`, `"true"`, `1` or `"1"`; anything else, absence included, is false. */
export const flag = z
  .unknown()
  .optional()
  .transform((value) => value === true || value === 'true' || value === 1 || value === '1')

/** A list that may be written as `[]`, `""`, nothing, or a lone object. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => {
    if (value === undefined || value === null || value === '') return []
    return Array.isArray(value) ? value : [value]
  }, z.array(item))
}

/** A nested object of which only the id counts: `{id: 1}`, `{"id": "1"}`, or the bare id. */
export const reference = z
  .unknown()
  .optional()
  .transform((value) => {
    const id = isObject(value) ? value.id : value
    return typeof id === 'number' || (typeof id === 'string' && id !== '') ? String(id) : undefined
  })

export interface Answer {
  /** `Response.code`, or the bare `code`; null when the body has neither. */
  readonly code: string | null
  readonly body: Body
}

/** Parses an answer without judging it. A body that is no JSON object counts as empty, without a code. */
export function parseAnswer(response: Pick<HttpResponse, 'text'>): Answer {
  const body = parseObject(response.text)
  const wrapper = isObject(body.Response) ? body.Response : body
  const code = typeof wrapper.code === 'number' || typeof wrapper.code === 'string' ? String(wrapper.code) : null
  return { code, body }
}

/**
 * The body of a successful answer. Success is `Response.code` "0" at any HTTP status below 400: the server says some refusals
 * with 200, so the status alone proves nothing.
 * @throws ConnectorError by the table of errors.ts.
 */
export function successOf(response: HttpResponse, answer = parseAnswer(response)): Body {
  const { code, body } = answer
  if (response.status < 400 && code === '0') return body
  const wrapper = isObject(body.Response) ? body.Response : body
  const retryAfter = response.headers['retry-after']
  throw failureOf({
    code: code === '0' ? null : code,
    httpStatus: response.status,
    ...(typeof wrapper.message === 'string' ? { vendorText: wrapper.message } : {}),
    ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
  })
}

/**
 * One object of an answer, such as `User`.
 * @throws ConnectorError `transient` (`biostar2.unexpected-answer`) when it is missing or unreadable.
 */
export function thing<T extends z.ZodType>(body: Body, name: string, schema: T): z.output<T> {
  return read(schema, body[name])
}

/** The rows of a collection, and its total where the server gives one. */
export function rowsOf<T extends z.ZodType>(
  body: Body,
  name: string,
  schema: T,
): { rows: z.output<T>[]; total: number | null } {
  const collection = isObject(body[name]) ? body[name] : {}
  const total = Number(collection.total)
  return {
    rows: read(listOf(schema), collection.rows),
    total: collection.total !== undefined && collection.total !== '' && Number.isSafeInteger(total) ? total : null,
  }
}

/** The first scalar of that name in the answer, at any of the outer three levels: the vendor does not publish every shape. */
export function findScalar(body: Body, name: string, depth = 3): string | undefined {
  const own = body[name]
  if (typeof own === 'string' || typeof own === 'number' || typeof own === 'boolean') return String(own)
  if (depth <= 1) return undefined
  for (const value of Object.values(body)) {
    const found = isObject(value) ? findScalar(value, name, depth - 1) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  // The issues name values, so they are not passed on.
  throw failureOf({ code: null, httpStatus: 200 })
}

function parseObject(source: string): Body {
  const parsed = parseJson(source)
  return isObject(parsed) ? parsed : {}
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
