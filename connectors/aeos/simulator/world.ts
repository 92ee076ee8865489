/** The database of the simulated server: carriers, tokens, the site around them, both logs, and the indexes that make it quick. */
import type { Carrier, CarrierKind, LoggedChange, LoggedEvent, Token } from './model.ts'
import { PrefixIndex } from './prefix-index.ts'
import type { Row } from './row.ts'

/** Rows of one kind of thing, by an Id that the server gives. */
export interface Table {
  rows: Map<number, Row>
  lastId: number
}

export const tableNames = [
  'Unit',
  'Department',
  'Entrance',
  'EntranceGroup',
  'Template',
  'DayTimeSchedule',
  'AccessPoint',
  'IdentifierType',
  'BlockReason',
  'FreeFieldCategory',
  'FreeFieldDefinition',
  'EventType',
  'LogType',
] as const

export type TableName = (typeof tableNames)[number]

interface Contents {
  carriers: Map<number, Carrier>
  tokens: Map<number, Token>
  tables: Record<TableName, Table>
  events: LoggedEvent[]
  changes: LoggedChange[]
  /** Highest id given so far, by what it was given to. */
  last: {
    carrier: number
    token: number
    entry: number
    image: number
    verification: number
    event: number
    change: number
  }
}

/** A copy of the whole database, as a backup holds it. */
export type WorldCopy = Contents

function emptyContents(): Contents {
  return {
    carriers: new Map(),
    tokens: new Map(),
    tables: Object.fromEntries(tableNames.map((name) => [name, { rows: new Map(), lastId: 0 }])) as Contents['tables'],
    events: [],
    changes: [],
    last: { carrier: 0, token: 0, entry: 0, image: 0, verification: 0, event: 0, change: 0 },
  }
}

export class World {
  #contents = emptyContents()
  #personnelNos = new PrefixIndex()
  #badges = new PrefixIndex()
  #pairs = new Map<string, number>()
  /** Told of every carrier that was changed. */
  watcher: ((carrier: number) => void) | null = null

  get carriers(): ReadonlyMap<number, Carrier> {
    return this.#contents.carriers
  }

  get tokens(): ReadonlyMap<number, Token> {
    return this.#contents.tokens
  }

  get events(): LoggedEvent[] {
    return this.#contents.events
  }

  get changes(): LoggedChange[] {
    return this.#contents.changes
  }

  table(name: TableName): Table {
    return this.#contents.tables[name]
  }

  next(what: keyof Contents['last']): number {
    return ++this.#contents.last[what]
  }

  addRow(name: TableName, row: Row, wantedId?: number): Row {
    const table = this.table(name)
    const id = wantedId ?? table.lastId + 1
    table.lastId = Math.max(table.lastId, id)
    const added = { ...row, Id: id }
    table.rows.set(id, added)
    return added
  }

  addCarrier(kind: CarrierKind, fields: Row, readOnly = false): Carrier {
    const states = {
      blocked: false,
      blockReason: null,
      excludedFromApb: false,
      autoBlock: false,
      special: false,
      invisible: false,
      excludedFromVerification: false,
    }
    const id = this.next('carrier')
    const profile = { blocks: {}, settings: {} }
    const carrier: Carrier = { id, kind, readOnly, fields, states, profile, tokens: [], images: [], verifications: [] }
    this.#contents.carriers.set(id, carrier)
    this.#index(carrier)
    this.watcher?.(id)
    return carrier
  }

  setFields(carrier: Carrier, fields: Row): void {
    this.#unindex(carrier)
    carrier.fields = fields
    this.#index(carrier)
    this.watcher?.(carrier.id)
  }

  /** After a change of anything but its fields. */
  changed(carrier: Carrier): void {
    this.watcher?.(carrier.id)
  }

  removeCarrier(carrier: Carrier): void {
    this.#unindex(carrier)
    this.#contents.carriers.delete(carrier.id)
    this.watcher?.(carrier.id)
  }

  /** Carriers whose PersonnelNo begins so, in the order of their ids. */
  byPersonnelNo(prefix: string): Carrier[] {
    return this.#personnelNos.starting(prefix).flatMap((id) => this.carriers.get(id) ?? [])
  }

  token(type: number, number: string): Token | undefined {
    const id = this.#pairs.get(`${type} ${number}`)
    return id === undefined ? undefined : this.tokens.get(id)
  }

  byBadgeNumber(prefix: string): Token[] {
    return this.#badges.starting(prefix).flatMap((id) => this.tokens.get(id) ?? [])
  }

  addToken(type: number, number: string, unit: number | null): Token {
    const token: Token = {
      id: this.next('token'),
      type,
      number,
      status: 0,
      carrier: null,
      replacedBy: null,
      replaces: null,
      blockReason: null,
      blockedAt: null,
      unit,
      endValidity: null,
    }
    this.#contents.tokens.set(token.id, token)
    this.#indexToken(token)
    return token
  }

  /** Takes these over; whoever gains or loses the token is told. */
  setToken(token: Token, changes: Partial<Omit<Token, 'id' | 'type' | 'number'>>): void {
    const before = token.carrier
    Object.assign(token, changes)
    if (token.carrier !== before) {
      const loser = before === null ? undefined : this.carriers.get(before)
      if (loser !== undefined) loser.tokens = loser.tokens.filter((id) => id !== token.id)
      const gainer = token.carrier === null ? undefined : this.carriers.get(token.carrier)
      gainer?.tokens.push(token.id)
    }
    for (const id of new Set([before, token.carrier])) if (id !== null) this.watcher?.(id)
  }

  copy(): WorldCopy {
    return structuredClone(this.#contents)
  }

  /** Everything as it was then, ids that were given since included: they are given again. */
  putBack(copy: WorldCopy): void {
    this.#contents = structuredClone(copy)
    this.#personnelNos = new PrefixIndex()
    this.#badges = new PrefixIndex()
    this.#pairs = new Map()
    for (const carrier of this.carriers.values()) this.#index(carrier)
    for (const token of this.tokens.values()) this.#indexToken(token)
  }

  #index({ id, fields }: Carrier): void {
    if (typeof fields.PersonnelNo === 'string') this.#personnelNos.add(fields.PersonnelNo, id)
  }

  #unindex({ id, fields }: Carrier): void {
    if (typeof fields.PersonnelNo === 'string') this.#personnelNos.remove(fields.PersonnelNo, id)
  }

  #indexToken({ id, type, number }: Token): void {
    this.#pairs.set(`${type} ${number}`, id)
    this.#badges.add(number, id)
  }
}
