/** Seeded chance: the same seed gives the same latencies and the same faults on every machine. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Log-normal with the given median and 99th percentile, both in the same unit. */
  logNormal(median: number, p99: number): number
}

// The 99 % point of the standard normal distribution: p99 = median * exp(sigma * 2.326).
const normalP99 = 2.3263478740408408

/** Mulberry32: 32 bits of state are plenty for a simulator and it is the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    logNormal(median, p99) {
      const sigma = Math.log(p99 / median) / normalP99
      // 1 - next() is never zero, so the logarithm is finite.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
      return median * Math.exp(sigma * normal)
    },
  }
}
