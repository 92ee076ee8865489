/** Listens to every error and log line of a connector, and finds in them what must not be there: people, cards, secrets, vendor words. */
import { inspect } from 'node:util'
import type { ConnectorLog, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { HttpClient, HttpRequest } from '../../src/connector/http.ts'
import type { Card } from '../../src/model/card.ts'
import type { PersonFacts } from '../../src/model/person.ts'

/** Shorter values turn up in any text by chance. */
const lengthMin = 4

export class Listener {
  readonly #forbidden = new Map<string, string>()
  readonly #said = new Map<string, string[]>()
  #errors = 0

  /** Errors heard so far, those of single parts included. */
  get errors(): number {
    return this.#errors
  }

  forbid(what: string, value: string | null | undefined): void {
    if (value !== null && value !== undefined && value.length >= lengthMin) this.#forbidden.set(value, what)
  }

  forbidPerson({ attrs = {}, ...facts }: PersonFacts): void {
    for (const [field, value] of Object.entries({ ...attrs, ...facts })) this.forbid(field, value)
  }

  forbidCard(card: Card, number?: string): void {
    this.forbid('card', card.raw)
    this.forbid('card', BigInt(`0x${card.raw}`).toString())
    this.forbid('card', number)
  }

  readonly log: ConnectorLog = (level, event, fields) => {
    this.say(`log line ${event}`, `${level} ${event} ${JSON.stringify(fields)}`)
  }

  /** Anything else that may end in a log, a metric or an answer. */
  say(where: string, text: string): void {
    const texts = this.#said.get(where)
    if (texts === undefined) this.#said.set(where, [text])
    else texts.push(text)
  }

  hear(thrown: unknown): void {
    const where = thrown instanceof ConnectorError ? `error ${thrown.code}` : 'error'
    this.#errors += 1
    for (let error = thrown; error instanceof Error; error = error.cause) {
      // The vendor's own words have one place, from where they are sealed; nowhere else may they turn up.
      if (error instanceof ConnectorError) this.forbid('words of the vendor', error.vendorText)
      this.say(where, textsOf(error))
    }
    this.say(where, inspect(thrown, { depth: Number.POSITIVE_INFINITY, showHidden: true }))
  }

  /** Passes a call on, and listens to how it fails. */
  async call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      this.hear(error)
      throw error
    }
  }

  hearParts(parts: readonly PartOutcome[]): void {
    for (const { failure } of parts) if (failure !== undefined) this.hear(failure)
  }

  /** A client that notes whatever identifies us to the system: sessions, tokens, cookies. */
  watching(http: HttpClient): HttpClient {
    const note = ({ headers = {} }: Pick<HttpRequest, 'headers'>) => {
      for (const [name, value] of Object.entries(headers))
        if (!/^(content-type|accept|soapaction)$/i.test(name)) this.forbid(`header ${name}`, value)
    }
    return {
      request: (request, signal) => {
        note(request)
        return http.request(request, signal)
      },
      openSocket: (request, signal) => {
        note(request)
        return http.openSocket(request, signal)
      },
    }
  }

  /** What was said that must not be said: what it is and where, never the value itself. */
  leaks(): string[] {
    const places = [...this.#said].map(([where, texts]) => ({ where, text: texts.join('\n') }))
    const found = [...this.#forbidden].flatMap(([value, what]) =>
      places.flatMap(({ where, text }) => (text.includes(value) ? [`${what} in ${where}`] : [])),
    )
    return [...new Set(found)]
  }
}

/** All that a careless logger could write of an error, hidden properties included. */
function textsOf(error: Error): string {
  const properties = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)))
  return [String(error), error.stack, JSON.stringify(error), ...properties].join('\n')
}
