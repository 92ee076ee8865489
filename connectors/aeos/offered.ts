/** Which operations this server offers: told by its own description, since no document says which version has which. */
import { SharedCall } from '../../src/connector/shared-call.ts'
import type { Session } from './soap/session.ts'

/** Comes with the version of August 2024, whose new criteria of a search no description of operations shows. */
export const cameInAugust2024 = 'addCarriersAuthorization'

export class Offered {
  readonly #session: Session
  readonly #asking = new SharedCall((signal) => this.#ask(signal))
  #said: { readonly operations: ReadonlySet<string>; readonly fields: ReadonlySet<string> | null } | null = null

  constructor(session: Session) {
    this.#session = session
  }

  /** False also where the server does not show its description: what every version has must do then. */
  async has(operation: string, signal: AbortSignal): Promise<boolean> {
    return (await this.names(signal)).has(operation)
  }

  /** All that it offers; empty where it does not say. Asked until it says, and then no more in this connection. */
  async names(signal: AbortSignal): Promise<ReadonlySet<string>> {
    this.#said ??= await this.#asking.join(signal)
    return this.#said?.operations ?? new Set()
  }

  /** Whether its description names such a field anywhere. True also where it does not show one: then the server itself must say. */
  async hasField(name: string, signal: AbortSignal): Promise<boolean> {
    this.#said ??= await this.#asking.join(signal)
    return this.#said?.fields?.has(name) ?? true
  }

  async #ask(signal: AbortSignal) {
    const { status, text } = await this.#session.description(signal)
    // It may be starting: what it does not say now is no word of what it can't do.
    if (status !== 200) return null
    const named = (kind: string) =>
      new Set(
        [...text.matchAll(new RegExp(`<(?:\\w+:)?${kind}\\s[^>]*?name="(\\w+)"`, 'g'))].map(([, name = '']) => name),
      )
    const fields = named('element')
    // Types may lie in a document of their own, of which the description says nothing but its name.
    return { operations: named('operation'), fields: fields.has('PersonnelNo') ? fields : null }
  }
}
