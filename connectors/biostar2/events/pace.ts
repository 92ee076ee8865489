/** How often what is done while events are followed, in ms, and how much may wait: handed in, so that tests need not wait. */
export interface Pace {
  /** From the end of one walk through the log to the next, while the socket tells events, and while it does not. */
  readonly walkMs: number
  readonly walkAloneMs: number
  /** How long a row of the log may stay unseen while later ones are there already: it has its number before it is stored for good. */
  readonly settleMs: number
  readonly pingMs: number
  /** How often the server is asked again to tell events, which also keeps an idle session. */
  readonly startMs: number
  /** How long the server may take to accept the session on the socket. */
  readonly greetMs: number
  /** First and longest wait until the socket is opened again. */
  readonly reopenMs: number
  readonly reopenMaxMs: number
  /** Characters of what the socket told that may wait while the engine is busy; above that all of it is dropped, and read in the log. */
  readonly waitingMax: number
}

/** A heartbeat is due every 30 s: a walk gives one, and may take as long as the time limit of a request. */
export const usualPace: Pace = {
  walkMs: 10_000,
  walkAloneMs: 2_000,
  settleMs: 10_000,
  pingMs: 20_000,
  startMs: 240_000,
  greetMs: 10_000,
  reopenMs: 1_000,
  reopenMaxMs: 60_000,
  waitingMax: 4 * 1024 * 1024,
}
