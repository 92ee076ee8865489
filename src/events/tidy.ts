/** Makes of whatever a connector hands over an event that can be kept: too long texts are cut, and what is no event is kept as far as it goes. */
import type { ReportedEvent } from '../connector/contract.ts'
import { type Card, cardFormats } from '../model/card.ts'
import { type AccessEvent, deviceKeys, verifyWays } from '../model/events/event.ts'
import { type EventType, eventTypes } from '../model/events/types.ts'

const textMax = 512
const keyMax = 200
const detailNameMax = 64
const detailsMax = 32

const types: ReadonlySet<string> = new Set(eventTypes)
const formats: ReadonlySet<string> = new Set(cardFormats)
const ways: ReadonlySet<string> = new Set(verifyWays)
const pressed: ReadonlySet<string> = new Set(deviceKeys)

export interface Tidied {
  /** Null: it had none, and is told apart by what it says. */
  readonly key: string | null
  readonly event: AccessEvent
  /** It was not as a connector must report it: something was cut, replaced or left out. */
  readonly malformed: boolean
}

/** By hand, since a schema takes ten times as long, and says no instead of keeping what there is. Throws for nothing. */
export function tidy(reported: ReportedEvent, now: Date): Tidied {
  const tidier = new Tidier()
  const given = tidier.map(reported)
  const key = given.key
  const isKey = typeof key === 'string' && key.length > 0 && key.length <= keyMax
  if (!isKey) tidier.malformed = true
  const event = tidier.event(tidier.map(given.event), now)
  return { key: isKey ? (key as string).toWellFormed() : null, event, malformed: tidier.malformed }
}

class Tidier {
  malformed = false

  event(given: Readonly<Record<string, unknown>>, now: Date): AccessEvent {
    const vendor = this.map(given.vendor)
    const type = isAmong(types, given.type) ? (given.type as EventType) : this.#wrong<EventType>('other')
    const at = this.#time(given.at)
    return {
      type,
      at: at ?? this.#wrong(now.toISOString()),
      approximate: at === null || this.#flag(given.approximate) === true,
      recordedAt: this.#orNull(given.recordedAt, (value) => this.#time(value)),
      direction: this.#among<'in' | 'out'>(given.direction, directions),
      door: this.#named(given.door),
      reader: this.#named(given.reader),
      account: this.#text(given.account),
      card: this.#card(given.card),
      cardNumber: this.#text(given.cardNumber),
      verify: this.#ways(given.verify),
      deviceKey: this.#among<(typeof deviceKeys)[number]>(given.deviceKey, pressed),
      active: this.#flag(given.active),
      vendor: {
        code: this.#text(vendor.code) ?? this.#wrong(''),
        name: this.#text(vendor.name),
        detail: this.#detail(vendor.detail),
      },
    }
  }

  map(value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
    return this.#wrong({})
  }

  #wrong<T>(instead: T): T {
    this.malformed = true
    return instead
  }

  #orNull<T>(value: unknown, read: (value: unknown) => T | null): T | null {
    if (value === null) return null
    return read(value) ?? this.#wrong(null)
  }

  #text(value: unknown): string | null {
    if (value === null) return null
    return typeof value === 'string' ? this.#cut(value, textMax) : this.#wrong(null)
  }

  #cut(text: string, max: number): string {
    if (isShort(text, max)) return text
    // Well-formed last: the cut itself may halve a character.
    return this.#wrong(text.slice(0, max).toWellFormed())
  }

  #flag(value: unknown): boolean | null {
    return typeof value === 'boolean' || value === null ? value : this.#wrong(null)
  }

  #among<T extends string>(value: unknown, known: ReadonlySet<string>): T | null {
    return this.#orNull(value, (each) => (isAmong(known, each) ? (each as T) : null))
  }

  #time(value: unknown): string | null {
    if (typeof value !== 'string' || value.length !== 24) return null
    const ms = Date.parse(value)
    return Number.isNaN(ms) || new Date(ms).toISOString() !== value ? null : value
  }

  #named(value: unknown): AccessEvent['door'] {
    if (value === null) return null
    const { id, name } = this.map(value)
    const text = this.#text(id ?? null)
    return text === null ? this.#wrong(null) : { id: text, name: this.#text(name) }
  }

  #card(value: unknown): Card | null {
    return this.#orNull(value, (each) => {
      const { format, bits, raw } = this.map(each)
      const isCard =
        isAmong(formats, format) &&
        Number.isInteger(bits) &&
        (bits as number) >= 8 &&
        (bits as number) <= 256 &&
        typeof raw === 'string' &&
        /^[0-9A-F]{2,64}$/.test(raw)
      return isCard ? { format: format as Card['format'], bits: bits as number, raw } : null
    })
  }

  #ways(value: unknown): AccessEvent['verify'] {
    if (!Array.isArray(value)) return this.#wrong([])
    if (value.length === 0) return []
    const kept = [...new Set(value.filter((way) => isAmong(ways, way)))] as AccessEvent['verify']
    return kept.length === value.length ? kept : this.#wrong(kept)
  }

  #detail(value: unknown): Record<string, string> {
    const given = this.map(value)
    let count = 0
    for (const name in given) {
      const text = given[name]
      count += 1
      if (count > detailsMax || !isShort(name, detailNameMax) || typeof text !== 'string' || !isShort(text, textMax))
        return this.#cutDetail(given)
    }
    return { ...(given as Record<string, string>) }
  }

  #cutDetail(given: Readonly<Record<string, unknown>>): Record<string, string> {
    const entries = Object.entries(given)
    if (entries.length > detailsMax) this.malformed = true
    return Object.fromEntries(
      entries
        .slice(0, detailsMax)
        .map(([name, text]) => [this.#cut(name, detailNameMax), this.#text(text ?? null) ?? this.#wrong('')]),
    )
  }
}

function isShort(text: string, max: number): boolean {
  return text.length <= max && text.isWellFormed()
}

const directions: ReadonlySet<string> = new Set(['in', 'out'])

function isAmong(known: ReadonlySet<string>, value: unknown): value is string {
  return typeof value === 'string' && known.has(value)
}
