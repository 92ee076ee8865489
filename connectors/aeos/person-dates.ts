/** Start and leave date of a carrier with their times of day, also of a server that shows them cut to midnight where people are searched. */
import { SharedCall } from '../../src/connector/shared-call.ts'
import { mayBeCut, typeOf } from './mapping.ts'
import type { Client } from './soap/client.ts'
import type { PersonRecord } from './soap/records.ts'

type Dates = Pick<PersonRecord, 'ArrivalDateTime' | 'LeaveDateTime'>

export class PersonDates {
  readonly #client: Client
  /** Null until it was looked for; false for good once a time of day was seen. */
  #cutsDates: boolean | null = null
  readonly #someRecords = new SharedCall((signal) => this.#client.findPeople({}, 0, signal))

  constructor(client: Client) {
    this.#client = client
  }

  /** Asked for once more where they may be cut to days, on a server that has shown no time of day yet. */
  async of(record: PersonRecord, signal: AbortSignal): Promise<Partial<Dates>> {
    const type = typeOf(record)
    this.note(record)
    if (mayBeCut(record) !== 'yes' || this.#cutsDates === false || type === null) return {}
    // Once: of many people some came or went in the middle of a day.
    if (this.#cutsDates === null) {
      const { rows } = await this.#someRecords.join(signal)
      this.#cutsDates ??= rows.every((row) => mayBeCut(row) !== 'no')
      if (!this.#cutsDates) return {}
    }
    const { ArrivalDateTime, LeaveDateTime } = (await this.#client.carrier(type, record.Id, signal)) ?? record
    return { ArrivalDateTime, LeaveDateTime }
  }

  /** A search has shown this one. */
  note(record: PersonRecord): void {
    if (mayBeCut(record) === 'no') this.#cutsDates = false
  }
}
