/** How the layers say what they do, span by span; handed in like the log, and nothing at all when no traces are configured. */
import type { SpanAttributes } from './span-attributes.ts'

export type SpanName =
  | 'pull'
  | 'pull.page'
  | 'resolve'
  | 'plan'
  | 'plan.apply'
  | 'outbox.drain'
  | 'wake-up'
  | 'claim'
  | 'account.run'
  | 'account.read'
  | 'account.write'
  | 'account.read-back'
  | 'request'
  | 'settle'
  | 'lock-out'

export interface Span {
  set(attributes: SpanAttributes): void
}

/** Names a span from elsewhere, in the form of W3C Trace Context: two random numbers, and nothing about anybody. */
export type SpanRef = string

export interface SpanOptions {
  /** It began before now. */
  readonly begunAt?: Date
  /** The span that it belongs under, from another task or process; null begins a trace of its own. */
  readonly from?: SpanRef | null
  /** Spans of other traces that led to it. */
  readonly links?: readonly SpanRef[]
  /** One of very many: only the configured share is traced. */
  readonly bulk?: boolean
}

export interface Traces {
  /** False: whatever is only done for a trace can be left out. */
  readonly on: boolean
  /** Runs `work` as a span under the one that it is called in. What it throws is passed on, and noted by its code. */
  span<T>(
    name: SpanName,
    attributes: SpanAttributes,
    work: (span: Span) => Promise<T>,
    options?: SpanOptions,
  ): Promise<T>
  /** Something that is over by now. */
  note(
    name: SpanName,
    attributes: SpanAttributes,
    options: SpanOptions & { readonly begunAt: Date; readonly endedAt?: Date },
  ): void
  /** The span that the caller runs in; null when it is not traced. */
  here(): SpanRef | null
}

const noSpan: Span = { set: () => undefined }

export const noTraces: Traces = {
  on: false,
  span: (_name, _attributes, work) => work(noSpan),
  note: () => undefined,
  here: () => null,
}
