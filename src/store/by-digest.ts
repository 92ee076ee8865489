/** SQL that looks up a whole page of digests at once, each through the index. */

/** How many bytes the digests of a parameter have: those of an index, or of a row. */
export type DigestBytes = 16 | 32

/**
 * Rows `(i, digest)` of the parameter, which holds all digests one after the other: half the bytes of an array, and none of
 * its quoting.
 */
export function digestsIn(parameter: `$${number}`, bytes: DigestBytes): string {
  return `(select i, substring(${parameter} from i * ${bytes} + 1 for ${bytes}) as digest
             from generate_series(0, length(${parameter}::bytea) / ${bytes} - 1) as i)`
}

/**
 * Rows of `select` for each digest, which it calls `d.digest`, with its position `i`. The `offset 0` keeps PostgreSQL from
 * joining in another way: until a new table is analysed it takes it for small, and would read all of it for every page.
 */
export function forEachDigest(parameter: `$${number}`, bytes: DigestBytes, select: string): string {
  return `select d.i, r.* from ${digestsIn(parameter, bytes)} d cross join lateral (${select} offset 0) r`
}
