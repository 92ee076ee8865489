/** Asks again only so often that asking takes a twentieth of the time at most: what counts a large table answers with a somewhat older count. */

const share = 20
const longestMs = 60_000

export function sparing<T>(ask: () => Promise<T>, now: () => number = () => performance.now()): () => Promise<T> {
  let last: { readonly answer: Promise<T>; until: number } | null = null
  return () => {
    if (last !== null && now() < last.until) return last.answer
    const begun = now()
    // Until it is known how long it takes, whoever asks meanwhile shares this answer.
    const asked = { answer: ask(), until: Number.POSITIVE_INFINITY }
    last = asked
    asked.answer.then(
      () => {
        asked.until = now() + Math.min(longestMs, (now() - begun) * share)
      },
      () => {
        if (last === asked) last = null
      },
    )
    return asked.answer
  }
}
