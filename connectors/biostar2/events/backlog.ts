/** Which events that the socket tells are old ones, of a reader that was away: they say nothing about its clock. */
import type { EventRecord } from './record.ts'

/** The connection of a reader dropped, by the server and by the reader; it is back (BioStar 2 event codes). */
const lost: readonly string[] = ['4095', '15360']
const back = '15104'

/** No clock is trusted to be better than this. */
const lateMs = 60_000
/** How long a reader that is back may take to hand in what it kept. */
const catchesUpMs = 600_000

export class Backlog {
  /** By reader, when it was last away or just back, by `performance.now()`. */
  readonly #away = new Map<string, number>()

  /** Asked of each event in turn, in the order in which they were told. */
  isLate({ code, device, at }: EventRecord, now: Date): boolean {
    if (device === null) return false
    const clock = performance.now()
    if (lost.includes(code)) this.#away.set(device.id, Number.POSITIVE_INFINITY)
    if (code === back) this.#away.set(device.id, clock)
    const awayAt = this.#away.get(device.id)
    if (awayAt === undefined) return false
    if (clock - awayAt > catchesUpMs) {
      this.#away.delete(device.id)
      return false
    }
    return at !== null && now.getTime() - at > lateMs
  }
}
