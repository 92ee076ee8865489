/** How far a long look at many accounts is, and how long it will take: from what was seen of it so far. */

/** What is read in less than this says little about the rest. */
const surelyMs = 2_000

export class Pace {
  #done = 0
  #of = 0
  /** Since when `#done` only grows, and what it was then. */
  #begun: { readonly at: number; readonly done: number } | null = null

  /** `accounts` of `listed` were looked at when it was `now`, in ms. */
  note({ accounts, listed }: { readonly accounts: number; readonly listed: number }, now: number): void {
    if (this.#begun === null || accounts < this.#done || listed !== this.#of) this.#begun = { at: now, done: accounts }
    this.#done = accounts
    this.#of = listed
  }

  /** Such as `2,300 of 5,000 accounts looked at, 3 min left,`. */
  text(now: number): string {
    if (this.#of === 0) return 'reading accounts'
    const figures = `${count(this.#done)} of ${count(this.#of)} accounts looked at`
    const left = this.#leftMs(now)
    return left === null ? figures : `${figures}, ${roughly(left)} left,`
  }

  #leftMs(now: number): number | null {
    if (this.#begun === null || this.#done === this.#of) return null
    const took = now - this.#begun.at
    const done = this.#done - this.#begun.done
    return took < surelyMs || done === 0 ? null : ((this.#of - this.#done) * took) / done
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function roughly(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`
}
