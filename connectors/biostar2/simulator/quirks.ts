/** Every switch of the simulated server with its default: what is documented is on, what is only possible or was once seen is off. */
import { defaultEventQuirks, type EventQuirks } from './event-quirks.ts'
import type { Module, Use } from './modules.ts'

export interface Quirks extends EventQuirks {
  /** How an empty list is written. Samples of the vendor's API collection (bs2api.biostar2.com) hold `"rows": ""`. */
  emptyLists: 'array' | 'string' | 'absent'
  /** The user search answers with the first page again and again; `offset` is not in the documented table. */
  ignoreUserOffset: boolean
  /** No page of users is longer than this, whatever was asked; null for no such cap. */
  userPageMax: number | null
  /** Code for a session that died of idleness; the console texts list 11 beside 10. */
  expiredSessionCode: '10' | '11'
  /** Login is refused with 113 after this many wrong tries until so many minutes have passed; null is the default setting. */
  lockout: { tries: number; minutes: number } | null
  /** The account may not log in (121) or has multi-factor login on (122). */
  loginRefusal: '121' | '122' | null
  /** Rows in the answer to a bulk create. The vendor's sample lists one row for eleven people sent. */
  bulkCreateRows: 'first' | 'all'
  /** `GET /api/cards?query=` finds the exact number only, or every number that holds it. */
  cardQuery: 'exact' | 'contains'
  /** What becomes of a card that is given to one person while another has it: refused, or moved as before 2.9.4. */
  takenCards: 'refused' | 'moved'
  /** ASCII signs a name may hold besides letters, digits and space; a single quote is always refused. */
  nameSpecials: string
  /** Upper bound of a numeric user id: the API text says ...295, the console text ...294. */
  userIdMax: number
  /** Longest validity an update accepts in years (the update text says 30); null for no such rule. */
  validityYearsMax: number | null
  /** A user group's access groups reach the people of its sub groups, or only its own. */
  userGroupRights: 'tree' | 'own'
  /** `DeviceResponse` lists every device twice, as seen in samples. */
  doubleDeviceRows: boolean
  /** Name of the object around the settings; no published answer shows it. */
  settingKey: string
  /** DNS names and addresses in the certificate; leave the address out to simulate a host name that never matches. */
  certificateNames: readonly string[]
  /**
   * User groups, by name or id, whose people and sub groups' people the login sees; null for everybody. An operator
   * level is limited to groups by `permission.filter` (BioStar 2 API, Authorization > Login). How somebody outside
   * answers is not published: here as if there were no such person, in lists and with 201, and a card they hold is shown
   * without its owner.
   */
  operatorGroups: readonly string[] | null
  /**
   * What the operator level of the login lacks, a module or one use of it such as `'User.write'`: such calls are HTTP 403
   * with 20. Since 2.8.14 API calls are held to the operator level (release notes 2.8.14), and a level made by the
   * customer, 4 to 252, may leave out every module (`permission.module` in BioStar 2 API, Authorization > Login). Which
   * call belongs to which module is not published.
   */
  operatorLacks: readonly (Module | `${Module}.${Use}`)[]
  /** The login may not read readers: the same as `operatorLacks: ['Device']`, for it is the one that is easily forgotten. */
  readersRefused: boolean
  /**
   * So many logins to come are answered with this status, and with a code or with a raw body as a web server in front
   * of the API writes it. A bad moment of the server has its own codes, such as 4 and 1700 (console texts, error codes).
   */
  loginFault: { status: number; code?: string; body?: string; times: number } | null
  /** No page of cards is longer than this, whatever was asked; no largest `limit` is documented (BioStar 2 API, Cards > List All Cards). */
  cardPageMax: number | null
  /**
   * Access groups, by name, that are left out of both lists while `total` counts them, as a filter by operator level
   * may do (`permission.filter.AccessGroup` in BioStar 2 API, Authorization > Login). Reading one by id still works.
   */
  accessGroupsHidden: readonly string[]
  /**
   * User lists are a success without `UserCollection`, or with one that has no rows and a total of 0; null for the true
   * list. An unknown group answers without rows too (BioStar 2 API, User > List All User v2, known errors).
   */
  emptyUserList: 'no-collection' | 'no-rows' | null
  /**
   * What a reader that is over its capacity (`user_sync_status` -1; BioStar 2 API, Device > List Added Device(s) with
   * Criteria) refuses: people it does not know yet, or every change, also of blocks and rights. Neither is published.
   */
  fullReaderRefuses: 'new-people' | 'everything'
  /**
   * With automatic synchronisation "Not Used", 0/0, the server holds back changes of people (BioStar 2 API, Setting >
   * Update BioStar Settings); whether blocks and rights go out all the same is not published.
   */
  syncOffHolds: 'people' | 'everything'
  /** When a reader comes back on which somebody was edited, and the server changed them meanwhile: with 1/1 the reader's edit is taken over all the same. */
  returningReaderWins: boolean
  /** The answer to a card that is unblocked twice. HTTP 500 was seen on a live BioStar X, without its code; 262204 is the console text that fits. */
  unblockTwice: { status: number; code: string }
  /** Fewest digits of a PIN; the server can demand some (131080, console texts, error codes). */
  pinDigitsMin: number
  /** Rows of a list of cards that is asked for without `limit`; null for all, as "Remove this parameter to view all" says (BioStar 2 API, Cards > List All Cards). */
  cardPageDefault: number | null
  /**
   * What zone `start_datetime` and `expiry_datetime` are in: UTC as the `Z` of v1 says, or that of the server behind a
   * false Z. The v2 samples have no zone at all (BioStar 2 API, User > List All User v2), and `server_datetime` of an
   * event is local time with a Z (support article "How to interpret time in device timezone from event log API").
   */
  validityZone: 'utc' | 'local'
  /** IANA name of the server's zone, for `validityZone: 'local'`. */
  zone: string
  /** Readers take the dates of a validity and ignore its hours, as before 2.9.1 (release notes 2.9.1). */
  validityDay: boolean
  /** Wiegand cards are listed without `wiegand_format_id`: no published sample of a list shows it (BioStar 2 API, Cards > List All Cards). */
  wiegandFormatMissing: boolean
  /**
   * Writes to one person and to the blacklist answer code 0 with a `DeviceResponse` whose `result` is false: every
   * reader refused. The object is documented where readers were touched (BioStar 2 API, Access Group > Update an
   * Access Group), not for these calls. What readers really hear is a matter of their condition, not of this.
   */
  deviceResponseFalse: boolean
  /** A profile photo is kept as it came, or as a file that the server makes of it; no document says. */
  photos: 'kept' | 'made-anew'
  /** `PUT /api/users/:id` is carried out and answers code 1 with HTTP 200: "partly", as `PUT /api/users/bulk` does (BioStar 2 API, User > User: Bulk Update). */
  userPutSuperfluous: boolean
}

export const defaultQuirks: Quirks = {
  ...defaultEventQuirks,
  emptyLists: 'array',
  ignoreUserOffset: false,
  userPageMax: null,
  expiredSessionCode: '10',
  lockout: null,
  loginRefusal: null,
  bulkCreateRows: 'first',
  cardQuery: 'exact',
  takenCards: 'refused',
  nameSpecials: '-_.,()@#&/+:',
  userIdMax: 4_294_967_294,
  validityYearsMax: 30,
  userGroupRights: 'tree',
  doubleDeviceRows: false,
  settingKey: 'Setting',
  certificateNames: ['localhost', '127.0.0.1', '::1'],
  operatorGroups: null,
  operatorLacks: [],
  readersRefused: false,
  loginFault: null,
  cardPageMax: null,
  accessGroupsHidden: [],
  emptyUserList: null,
  fullReaderRefuses: 'new-people',
  syncOffHolds: 'people',
  returningReaderWins: false,
  unblockTwice: { status: 500, code: '262204' },
  pinDigitsMin: 0,
  cardPageDefault: null,
  validityZone: 'utc',
  zone: 'UTC',
  validityDay: false,
  wiegandFormatMissing: false,
  deviceResponseFalse: false,
  photos: 'kept',
  userPutSuperfluous: false,
}
