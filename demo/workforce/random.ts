/** Seeded chance for the demo workforce: the same seed and stream give the same draws on every machine. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform whole number in [0, bound). */
  below(bound: number): number
  /** One entry of a list that is not empty. */
  pick<T>(list: readonly T[]): T
}

/**
 * Independent streams of one seed: stream `n` can be opened without drawing the streams before it, so that person
 * 900,000 costs as little as person 1.
 */
export function random(seed: number, ...stream: readonly number[]): Random {
  let state = mix(seed >>> 0)
  for (const part of stream) state = mix(state ^ Math.imul(part + 1, 0x9e3779b1))

  // Mulberry32: a counter with a golden-ratio-like step, scrambled by two multiplications.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { next, below, pick: (list) => entry(list, below(list.length)) }
}

/** The entry at `index`, counted round the list; throws RangeError for an empty list. */
export function entry<T>(list: readonly T[], index: number): T {
  if (list.length === 0) throw new RangeError('an empty list has no entry')
  return list[index % list.length] as T
}

/**
 * `count` distinct whole numbers out of [0, bound), in random order: the first steps of a Fisher-Yates shuffle on a
 * sparse array, so memory follows `count`, not `bound`. Throws RangeError when `count` exceeds `bound`.
 */
export function sample(chance: Random, bound: number, count: number): number[] {
  if (count > bound) throw new RangeError(`cannot draw ${count} out of ${bound}`)
  const moved = new Map<number, number>()
  return Array.from({ length: count }, (_, step) => {
    const at = step + chance.below(bound - step)
    const drawn = moved.get(at) ?? at
    moved.set(at, moved.get(step) ?? step)
    return drawn
  })
}

function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
