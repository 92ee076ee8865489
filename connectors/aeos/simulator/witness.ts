/** What is true inside the simulator, told plainly for tests: nothing here passes through the service. */
import { decide, grantsOf } from './access.ts'
import type { Standing } from './chronicle.ts'
import { type BadgeSpec, badgeOf } from './find-names.ts'
import type { Carrier, CarrierKind, LoggedChange, LoggedEvent, Token, TokenStatus } from './model.ts'
import { entriesOf, entryLists } from './profile-entries.ts'
import { type Row, rows } from './row.ts'
import type { Simulation } from './simulation.ts'
import { isBlocked } from './token-rows.ts'

export interface SeenBadge {
  id: number
  type: number
  number: string
  status: TokenStatus
  blocked: boolean
  blockReason: number | null
  /** Id of the badge that stands in for this one. */
  replacedBy: number | null
  replaces: number | null
  /** Id of the carrier who has it. */
  carrier: number | null
}

export interface SeenAuthorisation {
  /** `AuthorisationOnline/TemplateAuthorisation` and so on. */
  list: string
  id: number
  /** Id of the template, the group or the entrance. */
  subject: number
  name: string
  schedule: number | null
  enabled: boolean
  rule: number | null
  from: string | null
  until: string | null
}

export interface SeenCarrier {
  id: number
  kind: CarrierKind
  readOnly: boolean
  lastName: string
  firstName: string
  personnelNo: string
  /** All fields by their names in AEOS; moments are UTC milliseconds. */
  fields: Readonly<Row>
  /** Free fields by the name of their definition. */
  freeFields: Readonly<Record<string, string>>
  blocked: boolean
  blockReason: number | null
  arrival: string | null
  leave: string | null
  badges: SeenBadge[]
  authorisations: SeenAuthorisation[]
  /** Names of the entrances that open right now to at least one of the badges. */
  opens: string[]
  images: number
  /** Those of the type Photo in base64, the one that is shown first. */
  photos: string[]
  pin: boolean
}

export class Witness {
  readonly #simulation: Simulation

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  get carrierCount(): number {
    return this.#simulation.world.carriers.size
  }

  /** Ids of everybody, lowest first. */
  ids(): number[] {
    return [...this.#simulation.world.carriers.keys()]
  }

  /** Everybody in the order of their ids, or one page of them. */
  carriers(offset = 0, limit = Number.POSITIVE_INFINITY): SeenCarrier[] {
    return [...this.#simulation.world.carriers.values()]
      .slice(offset, offset + limit)
      .map((carrier) => this.#seen(carrier))
  }

  carrier(id: number | string): SeenCarrier | null {
    const carrier = this.#simulation.world.carriers.get(Number(id))
    return carrier === undefined ? null : this.#seen(carrier)
  }

  /** Every carrier with exactly this PersonnelNo: more than one is possible. */
  withPersonnelNo(number: string): SeenCarrier[] {
    return this.#simulation.world
      .byPersonnelNo(number)
      .filter(({ fields }) => fields.PersonnelNo === number)
      .map((carrier) => this.#seen(carrier))
  }

  badge(badge: BadgeSpec): SeenBadge | null {
    const { type, number } = badgeOf(this.#simulation, badge)
    const token = this.#simulation.world.token(type, number)
    return token === undefined ? null : seenBadge(token)
  }

  /** Whether somebody could get in at a moment, on the simulator's clock. */
  standingAt(id: number | string, at: Date): Standing {
    return this.#simulation.chronicle.at(Number(id), at.getTime())
  }

  /** Ids of carriers to whom at least one entrance opens right now. */
  openNow(): number[] {
    return [...this.#simulation.world.carriers.values()]
      .filter((carrier) => this.#opens(carrier).length > 0)
      .map(({ id }) => id)
  }

  /** Templates for doors, with how many entries of profiles name each. */
  templates(): { id: number; name: string; entrances: string[]; entries: number }[] {
    const { world } = this.#simulation
    const counts = new Map<number, number>()
    for (const { profile } of world.carriers.values()) {
      for (const { TemplateId } of profile.blocks.AuthorisationOnline?.TemplateAuthorisation ?? []) {
        counts.set(Number(TemplateId), (counts.get(Number(TemplateId)) ?? 0) + 1)
      }
    }
    return [...world.table('Template').rows].map(([id, row]) => ({
      id,
      name: String(row.Name),
      entrances: rows(row, 'TemplateItem').map(({ SubjectId }) => this.#name('Entrance', SubjectId)),
      entries: counts.get(id) ?? 0,
    }))
  }

  blockReasons(): { id: number; description: string }[] {
    const { rows: found } = this.#simulation.world.table('BlockReason')
    return [...found].map(([id, { Description }]) => ({ id, description: String(Description) }))
  }

  identifierTypes(): { id: number; name: string }[] {
    const { rows: found } = this.#simulation.world.table('IdentifierType')
    return [...found].map(([id, { Name }]) => ({ id, name: String(Name) }))
  }

  entrances(): { id: number; name: string }[] {
    const { rows: found } = this.#simulation.world.table('Entrance')
    return [...found].map(([id, { Name }]) => ({ id, name: String(Name) }))
  }

  events(): readonly LoggedEvent[] {
    return this.#simulation.world.events
  }

  /** The operators' log. */
  changes(): readonly LoggedChange[] {
    return this.#simulation.world.changes
  }

  #name(table: 'Entrance' | 'Template' | 'EntranceGroup', id: unknown): string {
    return String(this.#simulation.world.table(table).rows.get(Number(id))?.Name ?? `gone ${id}`)
  }

  #opens(carrier: Carrier): string[] {
    const { world } = this.#simulation
    const tokens = carrier.tokens.flatMap((id) => world.tokens.get(id) ?? [])
    // Nothing opens without a right: the rest of a large site need not be tried.
    const given = new Set(grantsOf(this.#simulation, carrier).map(({ entrance }) => entrance))
    return [...world.table('Entrance').rows.keys()]
      .filter(
        (entrance) => given.has(entrance) && tokens.some((token) => decide(this.#simulation, token, entrance).granted),
      )
      .map((entrance) => this.#name('Entrance', entrance))
  }

  #seen(carrier: Carrier): SeenCarrier {
    const { world } = this.#simulation
    const { id, kind, readOnly, fields, states } = carrier
    const definitions = world.table('FreeFieldDefinition').rows
    return {
      id,
      kind,
      readOnly,
      lastName: String(fields.LastName ?? ''),
      firstName: String(fields.FirstName ?? ''),
      personnelNo: String(fields.PersonnelNo ?? ''),
      fields: structuredClone(fields),
      freeFields: Object.fromEntries(
        rows(fields, 'Freefield').map(({ DefinitionId, value }) => [
          String(definitions.get(Number(DefinitionId))?.Name),
          String(value),
        ]),
      ),
      blocked: states.blocked,
      blockReason: states.blockReason,
      arrival: iso(fields.ArrivalDateTime),
      leave: iso(fields.LeaveDateTime),
      badges: carrier.tokens.flatMap((token) => world.tokens.get(token) ?? []).map(seenBadge),
      authorisations: entryLists.flatMap((place) =>
        entriesOf(carrier, place).map((entry) => this.#authorisation(`${place.block}/${place.list}`, entry)),
      ),
      opens: this.#opens(carrier),
      images: carrier.images.length,
      photos: carrier.images.flatMap(({ Type, Picture }) => (Type === 'Photo' ? [String(Picture)] : [])),
      pin: carrier.verifications.some(({ Type }) => Type === 'Pincode'),
    }
  }

  #authorisation(list: string, entry: Row): SeenAuthorisation {
    const { TemplateId, EntranceGroupId, EntranceId } = entry
    const table = TemplateId !== undefined ? 'Template' : EntranceGroupId !== undefined ? 'EntranceGroup' : 'Entrance'
    const subject = Number(TemplateId ?? EntranceGroupId ?? EntranceId)
    return {
      list,
      id: Number(entry.Id),
      subject,
      name: this.#name(table, subject),
      schedule: entry.DateTimeScheduleId === undefined ? null : Number(entry.DateTimeScheduleId),
      enabled: entry.Enabled === true,
      rule: entry.RuleId === undefined ? null : Number(entry.RuleId),
      from: iso(entry.DateFrom),
      until: iso(entry.DateUntil),
    }
  }
}

function seenBadge(token: Token): SeenBadge {
  const { id, type, number, status, blockReason, replacedBy, replaces, carrier } = token
  return { id, type, number, status, blocked: isBlocked(token), blockReason, replacedBy, replaces, carrier }
}

function iso(ms: unknown): string | null {
  return typeof ms === 'number' ? new Date(ms).toISOString() : null
}
