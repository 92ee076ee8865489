/** The switches of everything about events: the search, the live socket, and what an event tells. */

export interface EventQuirks {
  /** The event search answers with the first page again and again: some builds ignore `offset`. */
  ignoreEventOffset: boolean
  /** The event search takes no `orders`, as before 2.7.14 (release notes 2.7.14), and answers with the newest first. */
  ignoreEventOrder: boolean
  /** No page of events is longer than this, whatever was asked; no largest `limit` is documented. */
  eventPageMax: number | null
  /**
   * A search that lacks `Query` or `limit` ends the session of whoever asked, as before 2.9.4 (release notes 2.9.4). What
   * it answered is not published: here what a dead session answers, 401 with 10.
   */
  searchEndsSession: boolean
  /** Personal data is encrypted in the database: a condition on `user_id.user_id` takes the operators 0, 1 and 2 only. */
  personalDataEncrypted: boolean
  /** How an event that names nobody tells it: no `user_id`, an empty object, or an empty text. Clients guard against "missing or empty". */
  eventWithoutUser: 'absent' | 'object' | 'text'
  /**
   * What an event tells of a card that nobody has: its number as `user_id.user_id`, or nothing. `number-named` gives it the
   * name of the person whose user id equals the number of the card, as before 2.9.10 (release notes 2.9.10).
   */
  failedCard: 'number' | 'hidden' | 'number-named'
  /**
   * `POST /api/events/start` before the socket is bound to the session: `silent` answers 0 and no event ever comes, as seen
   * on a BioStar X; `refused` is HTTP 500, as seen on an older BioStar 2. `by-product` takes the one that was seen there.
   */
  earlyStart: 'by-product' | 'silent' | 'refused'
  /** Real milliseconds from the session id on the socket to its answer: whoever does not wait for the answer is early. */
  handshakeMs: number
  /** The socket is refused without an Origin as well, where `websocket_cors` is not `*`. Not published. */
  socketNeedsOrigin: boolean
  /** Frames are cut into fragments of this many bytes, also within a character; null sends each whole. */
  socketFragmentBytes: number | null
  /** Events come as binary frames; one client guards against it. */
  socketBinary: boolean
  /** How an event on the socket names its door: two models of clients have an array; whether it comes at all is not published. */
  socketDoor: 'array' | 'object' | 'absent'
  /** While a socket of a dead session stands open, events to the others come this late and each n-th is lost, as before 2.8.10 (release notes 2.8.10). */
  staleSockets: { delayMs: number; loseEvery: number } | null
  /** What a reader made while it was offline comes on the socket too when it is back. Not published. */
  lateEventsOnSocket: boolean
  /** A reader tells of a changed person with 10496, "partial update", in place of 8704; when it does which is not published. */
  partialUpdates: boolean
}

export const defaultEventQuirks: EventQuirks = {
  ignoreEventOffset: false,
  ignoreEventOrder: false,
  eventPageMax: null,
  searchEndsSession: false,
  personalDataEncrypted: false,
  eventWithoutUser: 'absent',
  failedCard: 'number',
  earlyStart: 'by-product',
  handshakeMs: 20,
  socketNeedsOrigin: false,
  socketFragmentBytes: null,
  socketBinary: false,
  socketDoor: 'array',
  staleSockets: null,
  lateEventsOnSocket: true,
  partialUpdates: false,
}
