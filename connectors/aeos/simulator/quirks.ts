/** Every switch of the simulated server with its default: what is documented is on, and where nothing is known mostly the side that is harder on a client. */

export interface Quirks {
  /** Requests are checked against the schema, order of elements included; without it elements are taken by name in any order. */
  schemaChecked: boolean
  /**
   * What a request that breaks the schema is answered: a `soap:Client` fault of the SOAP stack without StatusInfo, as Apache CXF gives
   * ("Unmarshalling Error"), or one with the code of its operation. Nobody published one.
   */
  schemaFaults: 'client' | 'status-info'
  /** Elements that only a later snapshot has: refused like any unknown element, or read over. */
  newerFields: 'refused' | 'ignored'
  /** The collation of the database: whether `smith` finds `Smith`. */
  caseSensitive: boolean
  /** `%` and `_` in a criterion are wildcards, since a text is searched with LIKE `value%`. */
  likeWildcards: boolean
  /** How many records a find without SearchRange gives at most. */
  findCap: number
  /** The largest page, whatever nrOfRecords says; the true maximum is not known. */
  pageMax: number
  /** Without SortOrder the order is undefined: by Id, or another one with each request, so that pages overlap and leave out. */
  pageOrder: 'id' | 'unstable'
  /** 2149-05-29 clears LeaveDateTime as it does other dates; two generations of a public integration say that it does not. */
  leaveDateClearable: boolean
  /** An empty text in a change clears the field, or leaves it as it is. */
  emptyTexts: 'cleared' | 'ignored'
  /** The free fields that a change names take the place of all, as other lists do, or are merged into what is there. */
  freeFields: 'replaced' | 'merged'
  /** What sets ModificationDate: a change of a carrier's own fields, or of its badges, rights and states as well. */
  modifiedBy: 'fields' | 'everything'
  /** Searches filter by ModificationDateRange, or read over it. */
  modifiedSearched: boolean
  /** The operators' log names every change, or none that is made from now on: nothing says what an import leaves there. */
  changesLogged: boolean
  /** findPerson shows arrival and leave cut to midnight, as an example of the manual does. */
  personDatesCut: boolean
  /** Which of the two moments a local time means that comes twice in autumn. */
  ambiguousTime: 'earlier' | 'later'
  /** Fields without which no carrier is added; more than LastName can be made mandatory. */
  mandatoryFields: readonly string[]
  /** Signs that no text of a carrier may hold: the length facets and patterns of the real schema are not public. */
  refusedSigns: string
  /** ArrivalDateTime is now when an add does not say it. */
  arrivalDefaulted: boolean
  /** Department, unit, contact person and free field must exist. */
  referencesChecked: boolean
  /** No two carriers have one PersonnelNo. */
  personnelNoUnique: boolean
  /** Removing a carrier who still has badges: refused, or the badges become free or permanently blocked. */
  removeWithBadges: 'refused' | 'freed' | 'blocked'
  /** Assigning a badge that somebody has. */
  takenBadge: 'refused' | 'moved'
  /** Assigning a badge that was withdrawn and blocked for good: a fault, or it is in use again without a word. */
  deadBadge: 'refused' | 'taken'
  /** A badge number must lie in the range of its type and be written in its digits. */
  rangeChecked: boolean
  /** A reason must exist and be meant for what it is given for. */
  reasonsChecked: boolean
  /** blockToken on a badge that is blocked already: a fault, or its reason is changed. */
  blockTwice: 'refused' | 'taken'
  /** unblockToken on a badge that is in use. */
  unblockTwice: 'refused' | 'taken'
  /** Withdrawing a temporarily blocked badge; the table of states lets only unblockToken leave that state. */
  withdrawBlocked: 'refused' | 'taken'
  /** A badge in use as a replacement (4) may be blocked, and be withdrawn and blocked; the table names only withdrawToken. */
  replacementsBlockable: boolean
  /** blockToken and unblockToken answer an empty Body as the manual shows, or the identifier as the WSDL says. */
  blockAnswers: 'empty' | 'identifier'
  /** removeCarrierAuthorizations with something that is not there: a fault, and nothing is removed, or it is read over. */
  removeMissing: 'refused' | 'ignored'
  /** removeCarrierAuthorizations that fits several entries: the first of them goes, all, or none and a fault. */
  removeAmbiguous: 'first' | 'all' | 'refused'
  /** A block of a profile without entries is left out of answers, or written as an empty element. */
  emptyBlocks: 'absent' | 'present'
  /** findCarrierByToken says by xsi:type what the carrier is. */
  carrierByTokenTyped: boolean
  /** findEvent gives the oldest first, or the newest. */
  eventOrder: 'oldest-first' | 'newest-first'
  /** The event log forgets all but so many; the operators' log all but so many or twice as many. */
  eventsKept: number
  /** Pictures beyond so many bytes are refused; the limit is not known. */
  pictureBytesMax: number
  /** A picture is kept as it came, or as a file that the server makes of it; no document says. */
  pictures: 'kept' | 'made-anew'
  /** `?wsdl` asks for a login as the service does. */
  wsdlNeedsLogin: boolean
  /** Host in the WSDL's address, which is a setting of the application server and may not be the name that was called. */
  wsdlHost: string
  /** Operations that the licence leaves out: code 902. */
  unlicensed: readonly string[]
  /** DNS names and addresses in the certificate. */
  certificateNames: readonly string[]
}

export const defaultQuirks: Quirks = {
  schemaChecked: true,
  schemaFaults: 'client',
  newerFields: 'refused',
  caseSensitive: false,
  likeWildcards: true,
  findCap: 1000,
  pageMax: 1000,
  pageOrder: 'id',
  leaveDateClearable: true,
  emptyTexts: 'cleared',
  freeFields: 'replaced',
  modifiedBy: 'fields',
  modifiedSearched: true,
  changesLogged: true,
  personDatesCut: false,
  ambiguousTime: 'earlier',
  mandatoryFields: ['LastName'],
  refusedSigns: '',
  arrivalDefaulted: true,
  referencesChecked: true,
  personnelNoUnique: false,
  removeWithBadges: 'refused',
  takenBadge: 'refused',
  deadBadge: 'refused',
  rangeChecked: true,
  reasonsChecked: true,
  blockTwice: 'refused',
  unblockTwice: 'refused',
  withdrawBlocked: 'refused',
  replacementsBlockable: true,
  blockAnswers: 'empty',
  removeMissing: 'refused',
  removeAmbiguous: 'first',
  emptyBlocks: 'absent',
  carrierByTokenTyped: true,
  eventOrder: 'oldest-first',
  eventsKept: 100_000,
  pictureBytesMax: 2_000_000,
  pictures: 'kept',
  wsdlNeedsLogin: true,
  wsdlHost: 'aeosserver',
  unlicensed: [],
  certificateNames: ['localhost', '127.0.0.1', '::1'],
}
